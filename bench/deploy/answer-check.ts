import type { Item, PersonHistory } from "../../src/catalogue/mod.ts";
import type { Towers } from "../../src/towers/mod.ts";

/** As much of an answer as is checked. */
export interface CheckedAnswer {
  readonly model_version: string | null;
  readonly source: string;
  readonly recommendations: readonly { readonly video_id: string; readonly score: number }[];
}

/** Knows what each version would answer, and so whether an answer comes from one version alone. */
export interface AnswerCheck {
  /** Keeps the vectors of a version; must come before its first answer is checked. */
  learn(version: string, towers: Towers): Promise<void>;
  /** The vector of a viewer under a version. */
  viewerVector(version: string, viewer: string): Float32Array;
  /** What is wrong with an answer of towers to a viewer; undefined where it is whole. */
  problemOf(viewer: string, answer: CheckedAnswer): string | undefined;
  /** The largest difference between a score and the product it should be, so far. */
  readonly largestDifference: number;
}

/**
 * How far a score may be from the product of 32-bit vectors: both are stored with 16 bits, eleven of them significant, so
 * that a product of unit vectors moves by 2 · 2⁻¹² at most; and a viewer's vector drifts as their events grow older.
 */
export const scoreTolerance = 2e-3;

/**
 * Checks answers against the vectors of the version that they name, computed apart from any database: a viewer's vector
 * of one version beside an item's of another, or rows of two versions in one answer, give other scores.
 *
 * @param world The catalogue, and the viewers that ask with all they did; nothing of it may change meanwhile.
 * @returns The check.
 */
export function createAnswerCheck(world: {
  readonly items: readonly Item[];
  readonly viewers: readonly PersonHistory[];
}): AnswerCheck {
  const { items, viewers } = world;
  const itemRow = new Map(items.map((item, row) => [item.id, row]));
  const viewerRow = new Map(viewers.map(({ person }, row) => [person.id, row]));
  const versions = new Map<string, { dims: number; items: Float32Array; viewers: Float32Array }>();
  let largestDifference = 0;
  return {
    learn: async (version, towers) => {
      const { dims, historyEvents } = towers;
      const rows = new Float32Array(viewers.length * dims);
      for (const [row, { events, ...history }] of viewers.entries()) {
        // As an answer reads it: the newest events, those stamped by a clock ahead of ours included.
        const read = [{ ...history, events: events.slice(-historyEvents) }];
        const asOf = Math.max(Date.now(), (events.at(-1)?.at ?? 0) + 1);
        rows.set(await towers.embedHistories(read, { asOf }), row * dims);
      }
      versions.set(version, { dims, items: await towers.embedItems(items), viewers: rows });
    },
    viewerVector: (version, viewer) => {
      const { dims, viewers } = versions.get(version)!;
      return viewers.slice(viewerRow.get(viewer)! * dims).subarray(0, dims);
    },
    problemOf: (viewer, answer) => {
      const vectors = versions.get(answer.model_version ?? "");
      if (vectors === undefined) return `names version ${answer.model_version}, which is none`;
      if (answer.recommendations.length === 0) return "is empty";
      const { dims } = vectors;
      const u = viewerRow.get(viewer)! * dims;
      for (const { video_id, score } of answer.recommendations) {
        const v = itemRow.get(video_id)! * dims;
        let product = 0;
        for (let d = 0; d < dims; d++) product += vectors.viewers[u + d]! * vectors.items[v + d]!;
        const difference = Math.abs(product - score);
        if (!(difference <= scoreTolerance)) {
          return `names version ${answer.model_version}, whose score is ${product.toFixed(4)}: current score is ${score.toFixed(4)}`;
        }
        largestDifference = Math.max(largestDifference, difference);
      }
      return undefined;
    },
    get largestDifference() {
      return largestDifference;
    },
  };
}
