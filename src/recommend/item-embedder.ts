import { FutagoError } from "../base/mod.ts";
import type { CatalogueStore } from "../catalogue/mod.ts";
import type { VectorStore } from "../embeddings/mod.ts";
import { type ItemModel, loadItemModel, type ModelSource, type VersionStore } from "../registry/mod.ts";
import { embedItems } from "./embed-items.ts";
import type { InferenceEngine } from "./inference-engine.ts";

/** What {@link createItemEmbedder} works with. */
export interface ItemEmbedderDeps extends Pick<ModelSource, "runtime" | "blobs"> {
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  readonly versions: VersionStore;
}

/**
 * Embeds items under the active version with its item tower alone, for who answers no viewers: a third of a bundle to read.
 * There is no version to fall back to: where the tower cannot be opened, the error says why, and the next call tries again.
 *
 * @param deps Stores, registry and runtime.
 * @returns As much of an engine. Calls take turns. FutagoError `model_missing` where no version is active, and as
 * `loadItemModel` throws.
 */
export function createItemEmbedder(deps: ItemEmbedderDeps): Pick<InferenceEngine, "embedItems"> {
  let held: { readonly key: string; readonly model: ItemModel } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  async function modelOfNow(): Promise<ItemModel> {
    const active = await deps.versions.active();
    if (active === undefined) {
      throw new FutagoError(
        "model_missing",
        "Cannot embed as a model must be active: there is none; train one, or promote one with futago models promote",
      );
    }
    const { version, manifestHash } = active;
    const key = `${version} ${manifestHash}`;
    if (held?.key === key) return held.model;
    const model = await loadItemModel(deps, version, { manifestHash });
    await held?.model.close();
    held = { key, model };
    return model;
  }

  return {
    embedItems: (ids) => {
      const { store, vectors } = deps;
      const mine = turn.then(async () => embedItems(await modelOfNow(), { store, vectors, ids }));
      turn = mine.catch(() => {});
      return mine;
    },
  };
}
