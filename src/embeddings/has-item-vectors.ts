import { isFutagoError } from "../base/mod.ts";
import type { VectorStore } from "./vector-store.ts";

/**
 * Whether a version has item vectors to answer from.
 *
 * @param vectors Where they would be.
 * @param asked The version and its width.
 * @returns False where it has no partition, or an empty one.
 */
export async function hasItemVectors(
  vectors: VectorStore,
  asked: { readonly version: string; readonly dims: number },
): Promise<boolean> {
  const { version, dims } = asked;
  const vector = new Float32Array(dims).fill(1 / Math.sqrt(dims));
  try {
    return (await vectors.nearest({ version, vector, limit: 1 })).length > 0;
  } catch (error) {
    if (isFutagoError(error) && error.code === "not_found") return false;
    throw error;
  }
}
