import type { Csr } from "../base/mod.ts";
import type { Tensor } from "../onnx/mod.ts";
import { padRows } from "../towers/mod.ts";
import { alignedRows, type BagPlan } from "./bag-plan.ts";
import { distinctRows } from "./bag-rows.ts";
import { multiHot } from "./multi-hot.ts";
import { inputNames } from "./tower-sources.ts";

/** The tensors of one bag for some rows, and which rows of its tables they read where those are not whole. */
export interface BagFeed {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly rows: Int32Array | undefined;
}

/**
 * One bag as its plan wants it.
 *
 * @param plan Formulation and residency.
 * @param source All rows of the bag, which of them, and 0 for each of those whose entries are left out.
 * @returns The feed.
 */
export function feedBag(
  plan: BagPlan,
  source: { readonly bag: Csr; readonly rows: Int32Array; readonly keep?: Uint8Array },
): BagFeed {
  const { side, layout } = plan;
  const { bag, rows, keep } = source;
  const count = rows.length;
  const kept = (at: number): number => keep?.[at] ?? 1;
  if (plan.formulation === "aligned") {
    const own = plan.rows ?? alignedRows(bag, rows);
    const data = Float32Array.from(own, (row, at) => (row < 0 ? 0 : kept(at)));
    const name = inputNames.weights(side, layout.name);
    return { inputs: { [name]: { dtype: "float32", shape: [count, 1], data } }, rows: own };
  }
  const block =
    plan.residency === "whole" ? undefined : distinctRows(bag, { vocabulary: layout.vocabulary, rows });
  if (plan.formulation === "multi_hot") {
    const columns = block?.rows.length ?? layout.vocabulary;
    const data = multiHot(bag, { columns, rows, ...(block && { position: block.position }) });
    for (let at = 0; at < count; at++) if (kept(at) === 0) data.fill(0, at * columns, (at + 1) * columns);
    const name = inputNames.multiHot(side, layout.name);
    return { inputs: { [name]: { dtype: "float32", shape: [count, columns], data } }, rows: block?.rows };
  }
  const { length, indices, weights } = padRows(bag, rows);
  for (let at = 0; at < count; at++) if (kept(at) === 0) weights.fill(0, at * length, (at + 1) * length);
  if (block !== undefined) {
    for (const [at, index] of indices.entries()) {
      indices[at] = weights[at] === 0 ? 0 : block.position[index]!;
    }
  }
  const shape = [count, length];
  return {
    inputs: {
      [inputNames.indices(side, layout.name)]: { dtype: "int32", shape, data: indices },
      [inputNames.weights(side, layout.name)]: { dtype: "float32", shape, data: weights },
    },
    rows: block?.rows,
  };
}
