import type { CatalogueSource } from "../source.ts";
import type { DmmClientOptions } from "./dmm-ask.ts";
import { createDmmClient } from "./dmm-client.ts";
import { createDmmSource } from "./dmm-source.ts";

/** Platform and limits of {@link dmmSourceFromEnv}; credentials and address are the environment's. */
export interface DmmSourceFromEnvOptions extends Omit<DmmClientOptions, "credentials" | "baseUrl"> {
  /** @default DMM_FLOORS, or FANZA/digital/videoa */
  readonly floors?: readonly string[] | undefined;
}

/**
 * The DMM catalogue with the credentials of an environment.
 *
 * @param env `DMM_API_ID`, `DMM_AFFILIATE_ID`; `DMM_FLOORS`, `DMM_API_URL` and `DMM_MAX_OFFSET` where they are set.
 * @param options Platform, floors and limits.
 * @returns The source; nothing was asked yet.
 * @throws TypeError Without credentials, or where they or a floor have another form.
 * @throws RangeError For limits out of range.
 */
export function dmmSourceFromEnv(
  env: Readonly<Record<string, string | undefined>>,
  { floors, limits, ...platform }: DmmSourceFromEnvOptions,
): CatalogueSource {
  const { DMM_API_URL: baseUrl, DMM_MAX_OFFSET: maxOffset, DMM_FLOORS: listed = "" } = env;
  const client = createDmmClient({
    ...platform,
    credentials: { apiId: env["DMM_API_ID"] ?? "", affiliateId: env["DMM_AFFILIATE_ID"] ?? "" },
    limits: { ...limits, ...(maxOffset ? { maxOffset: Number(maxOffset) } : {}) },
    ...(baseUrl ? { baseUrl } : {}),
  });
  const set = listed.split(",").filter((name) => name.trim() !== "");
  return createDmmSource(client, { floors: floors ?? (set.length > 0 ? set : ["FANZA/digital/videoa"]) });
}
