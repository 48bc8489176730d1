import { FutagoError, isFutagoError } from "../base/mod.ts";
import { type Bundle, readBundle } from "../registry/mod.ts";
import type { Stores } from "./open-stores.ts";

/**
 * The bundle of a registered version, every hash checked.
 *
 * @param stores Where versions and bundles are.
 * @param version Which; absent: the active one.
 * @returns The bundle.
 * @throws FutagoError `not_found` where there is no such version or none is active, `bundle_missing`, `bundle_corrupt`.
 */
export async function registeredBundle(stores: Stores, version: string | undefined): Promise<Bundle> {
  const { versions } = stores.database;
  const row = version === undefined ? await versions.active() : await versions.get(version);
  if (row === undefined) {
    throw new FutagoError(
      "not_found",
      version === undefined
        ? "Cannot take the active version as one must be active: name one of futago models list"
        : `Cannot open version "${version}" as it must be registered: run futago models list to see which are`,
    );
  }
  const { manifestHash } = row;
  return readBundle(stores.blobs, row.version, { manifestHash }).catch((error: unknown) => {
    // A candidate lies where it was made until it is deployed.
    const elsewhere = isFutagoError(error) && error.code === "bundle_missing" && stores.home !== stores.blobs;
    if (elsewhere) return readBundle(stores.home, row.version, { manifestHash });
    throw error;
  });
}
