import { canonicalJson, sha256Hex } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import type { Split } from "./split.ts";

/**
 * A hash of who did what with which item and when: two datasets with equal fingerprints give equal splits.
 *
 * @param dataset Ids, kinds and times count; titles and fields do not, as no protocol reads them.
 * @returns 64 hex digits.
 */
export function datasetFingerprint(dataset: Dataset): string {
  const { item, kind, at } = dataset.events;
  return sha256Hex(
    canonicalJson({
      items: sha256Hex(JSON.stringify(dataset.items.map(({ id }) => id))),
      people: sha256Hex(JSON.stringify(dataset.people.map(({ id }) => id))),
      columns: [dataset.offsets, item, kind, at].map((column) =>
        sha256Hex(new Uint8Array(column.buffer, column.byteOffset, column.byteLength)),
      ),
    }),
  );
}

/**
 * The protocol hash: printed beside every figure, as a figure means nothing without its protocol.
 *
 * @param split Name, parameters and seed.
 * @param dataset What was split.
 * @returns 64 hex digits.
 */
export function protocolHash(
  split: Pick<Split, "protocol" | "parameters" | "seed">,
  dataset: Dataset,
): string {
  const { protocol, parameters, seed } = split;
  return sha256Hex(canonicalJson({ protocol, parameters, seed, data: datasetFingerprint(dataset) }));
}
