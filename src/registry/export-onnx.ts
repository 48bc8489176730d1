import { parseOnnx } from "../onnx/mod.ts";
import type { Bundle } from "./bundle.ts";

/** Files by path, as an export writes them. */
export type ExportedFiles = Readonly<Record<string, Uint8Array>>;

/**
 * Both towers as ONNX with what another program needs to feed them: `user_tower.onnx`, `item_tower.onnx`,
 * `features.json` (what `encodeItems` and `encodeUsers` take), `inputs.json`, and `heads.json` where heads were trained.
 *
 * @param bundle A version's bundle.
 * @returns Contents by path.
 *
 * @example
 * ```ts no-run
 * import { type BlobStore, exportOnnx, readBundle } from "futago";
 * declare const blobs: BlobStore;
 * const files = exportOnnx(await readBundle(blobs, "2026.11.20-1"));
 * JSON.parse(new TextDecoder().decode(files["inputs.json"])).user.inputs; // [{ name: "dense", … }, …]
 * ```
 */
export function exportOnnx(bundle: Bundle): ExportedFiles {
  const { userOnnx, itemOnnx } = bundle;
  return {
    "user_tower.onnx": userOnnx,
    "item_tower.onnx": itemOnnx,
    "features.json": toJson(bundle.features),
    "inputs.json": describeInputs(bundle),
    ...(bundle.heads && { "heads.json": toJson(bundle.heads) }),
  };
}

/**
 * What the towers of a version take and give, for whoever feeds them: `inputs.json`.
 *
 * @param bundle A version's bundle.
 * @returns JSON.
 */
export function describeInputs({
  manifest,
  features,
  userOnnx,
  itemOnnx,
}: Pick<Bundle, "manifest" | "features" | "userOnnx" | "itemOnnx">): Uint8Array {
  const side = (onnx: Uint8Array, layout: Bundle["features"]["userLayout"]) => {
    const { inputs, outputs } = parseOnnx(onnx);
    // Columns of `dense`, and rows of each bag's table; index 0 is what was not seen at fitting, padding has weight 0.
    const { dense, bags, sequence } = layout;
    return {
      inputs,
      outputs,
      dense: dense.map(({ name, offset, width }) => ({ name, offset, width })),
      bags,
      // Steps of a viewer's events: `_items` are rows of the table, `_positions` count from 1 for the newest; padded with 0.
      ...(sequence && { sequence }),
    };
  };
  return toJson({
    kind: "futago-inputs",
    version: manifest.version,
    dims: manifest.dims,
    featureSchemaHash: manifest.featureSchemaHash,
    user: side(userOnnx, features.userLayout),
    item: side(itemOnnx, features.itemLayout),
  });
}

function toJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value, null, 2));
}
