import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import {
  createInferenceEngine,
  explorationFromEnv,
  type InferenceEngine,
  valueFromEnv,
  varietyFromEnv,
} from "../recommend/mod.ts";
import type { CliContext } from "./context.ts";
import { type Stores, withStores } from "./open-stores.ts";

/**
 * Opens the stores and an engine over them for as long as something takes.
 *
 * @param context Where they are; a version that cannot be used is told of.
 * @param run What to do.
 */
export function withEngine(
  context: CliContext,
  run: (engine: InferenceEngine, stores: Stores) => Promise<void>,
): Promise<void> {
  return withStores(context, async (stores) => {
    const { catalogue: store, vectors, versions } = stores.database;
    const engine = createInferenceEngine({
      store,
      vectors,
      versions,
      blobs: stores.blobs,
      runtime: await createOrtRuntime(),
      clock: Date,
      value: valueFromEnv(context.env),
      variety: varietyFromEnv(context.env),
      exploration: explorationFromEnv(context.env),
      observer: {
        valuing: (version, lacking) => {
          if (lacking.length === 0) return;
          context.say(`Version ${version} has no head for ${lacking.join(" and ")}: ranked by similarity`);
        },
      },
      onFallback: ({ version, message }) => context.say(`Version ${version} cannot be used: ${message}`),
    });
    try {
      await run(engine, stores);
    } finally {
      await engine.close();
    }
  });
}
