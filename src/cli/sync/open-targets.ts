import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { isFutagoError } from "../../base/mod.ts";
import { type LoadedModel, loadModel } from "../../registry/mod.ts";
import type { Stores } from "../open-stores.ts";

/**
 * Opens the versions whose vectors a sync keeps: the active one, and newer ones that are being deployed, which have vectors
 * already.
 *
 * @param stores Where they are.
 * @returns The models; close them.
 */
export async function openTargets({ database, blobs }: Stores): Promise<readonly LoadedModel[]> {
  const { versions, vectors } = database;
  const active = await versions.active();
  const opened: LoadedModel[] = [];
  const rows = (await versions.list()).filter(
    ({ status, createdAt }) =>
      status === "active" || (status === "candidate" && createdAt > (active?.createdAt ?? 0)),
  );
  if (rows.length === 0) return opened;
  const runtime = await createOrtRuntime();
  for (const { version, status, manifestHash } of rows) {
    if (status === "candidate" && !(await hasPartition(() => vectors.itemHashes(version)))) continue;
    opened.push(await loadModel({ runtime, blobs }, version, { manifestHash }));
  }
  return opened;
}

async function hasPartition(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (isFutagoError(error) && error.code === "not_found") return false;
    throw error;
  }
}
