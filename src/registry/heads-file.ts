import * as z from "zod/mini";
import { FutagoError } from "../base/mod.ts";
import type { ServedHeads } from "../towers/mod.ts";
import type { Manifest } from "./manifest.ts";

const number = z.number();
const head = z.optional(
  z.object({ weights: z.array(number), scale: number.check(z.positive()), bias: number }),
);
const schema = z.object({
  kind: z.literal("served_heads"),
  heads: z.object({ like: head, watch: head, nope: head }),
});

/**
 * Reads `heads.json`.
 *
 * @param json What it holds.
 * @param manifest Of the same bundle.
 * @returns The heads.
 * @throws FutagoError `bundle_corrupt` where it is another file, or its heads are of vectors of another width.
 */
export function parseHeads(
  json: unknown,
  { version, dims }: Pick<Manifest, "version" | "dims">,
): ServedHeads {
  const parsed = schema.safeParse(json, { error: z.locales.en().localeError });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw corrupt(version, "be heads", `${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { kind, heads } = parsed.data;
  for (const weights of Object.values(heads).flatMap((one) => (one === undefined ? [] : [one.weights]))) {
    if (weights.length !== dims) throw corrupt(version, `be of ${dims} dimensions`, `${weights.length}`);
  }
  return {
    kind,
    heads: {
      ...(heads.like && { like: heads.like }),
      ...(heads.watch && { watch: heads.watch }),
      ...(heads.nope && { nope: heads.nope }),
    },
  };
}

function corrupt(version: string, rule: string, current: string): FutagoError {
  return new FutagoError(
    "bundle_corrupt",
    `Cannot open version "${version}" as heads.json must ${rule}: current value is ${current}; restore it or roll back`,
    { details: { version, file: "heads.json" } },
  );
}
