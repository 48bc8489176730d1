import type { Database } from "../adapters/postgres/mod.ts";
import { embedCatalogue } from "../embeddings/mod.ts";
import type { LoadedModel } from "../registry/mod.ts";
import type { CliContext } from "./context.ts";

/**
 * Embeds the catalogue under a version before it goes active, so that its first answer is a full one. Only what is
 * missing or changed is embedded: promoting again is cheap.
 *
 * @param context For progress and Ctrl-C.
 * @param database Where items and vectors are.
 * @returns A `prepare` for `createDeployer`.
 */
export function embedForPromotion(
  context: CliContext,
  database: Database,
): (model: LoadedModel) => Promise<void> {
  return async ({ towers, version }) => {
    const { catalogue: store, vectors } = database;
    const { progress, signal } = context;
    await embedCatalogue({ towers, version, store, vectors, progress, signal });
  };
}
