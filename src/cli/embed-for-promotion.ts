import type { Database } from "../adapters/postgres/mod.ts";
import { embedCatalogue, embedPeople } from "../embeddings/mod.ts";
import type { LoadedModel } from "../registry/mod.ts";
import type { CliContext } from "./context.ts";

/** Options of {@link embedForPromotion}. */
export interface EmbedForPromotionOptions {
  /**
   * Whether viewers are embedded too: recommendations compute a viewer's vector when they are asked for, so that a
   * promotion need not wait for it; stored ones are for queries in SQL.
   *
   * @default false
   */
  readonly viewers?: boolean;
}

/**
 * Embeds the catalogue under a version before it goes active, so that its first answer is a full one. Only what is
 * missing or changed is embedded: promoting again is cheap.
 *
 * @param context For progress and Ctrl-C.
 * @param database Where items and vectors are.
 * @param options What else to embed.
 * @returns A `prepare` for `createDeployer`.
 */
export function embedForPromotion(
  context: CliContext,
  database: Database,
  options: EmbedForPromotionOptions = {},
): (model: LoadedModel) => Promise<void> {
  return async ({ towers, version }) => {
    const { catalogue: store, vectors } = database;
    const { progress, signal } = context;
    const work = { towers, version, store, vectors, progress, signal };
    await embedCatalogue(work);
    if (options.viewers) await embedPeople({ ...work, asOf: Date.now() });
  };
}
