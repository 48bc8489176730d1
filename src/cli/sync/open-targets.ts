import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { keptVersions } from "../../embeddings/mod.ts";
import { type ItemModel, loadItemModel } from "../../registry/mod.ts";
import type { Stores } from "../open-stores.ts";

/**
 * Opens the versions whose vectors a sync keeps: the active one, and newer ones that are being deployed.
 *
 * @param stores Where they are.
 * @returns Their item towers; close them.
 */
export async function openTargets({ database, blobs }: Stores): Promise<readonly ItemModel[]> {
  const kept = await keptVersions(database);
  const opened: ItemModel[] = [];
  if (kept.length === 0) return opened;
  const runtime = await createOrtRuntime();
  try {
    for (const { version, manifestHash } of kept) {
      opened.push(await loadItemModel({ runtime, blobs }, version, { manifestHash }));
    }
    return opened;
  } catch (error) {
    for (const model of opened) await model.close();
    throw error;
  }
}
