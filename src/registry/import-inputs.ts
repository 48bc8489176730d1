import type { BagLayout, RowLayout } from "../features/mod.ts";
import type { GraphWriter, OnnxType, OnnxValueInfo } from "../onnx/mod.ts";
import type { TowerSide } from "../towers/mod.ts";
import type { ImportedInput } from "./import-config.ts";

const onnxTypes: Readonly<Record<OnnxType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };

/** The inputs that a tower of ours has, in order: what every caller hands in. */
export function servingInputInfos(layout: RowLayout): OnnxValueInfo[] {
  const { denseWidth, bags } = layout;
  const dense = { name: "dense", dtype: "float32", shape: ["rows", denseWidth] } as const;
  const others = bags.flatMap(({ name }): OnnxValueInfo[] => {
    const shape = ["rows", `${name}_length`];
    return [
      { name: `${name}_indices`, dtype: "int32", shape },
      { name: `${name}_weights`, dtype: "float32", shape },
    ];
  });
  return denseWidth > 0 ? [dense, ...others] : others;
}

/**
 * What an input of a foreign tower is made of where nothing is said: what our towers call so.
 *
 * @param name The input's name.
 * @param layout What there is.
 * @returns Undefined where the name is none of ours.
 */
export function inputByName(name: string, layout: RowLayout): ImportedInput | undefined {
  if (name === "dense" && layout.denseWidth > 0) return { kind: "dense" };
  for (const bag of layout.bags) {
    if (name === `${bag.name}_indices`) return { kind: "ids", feature: bag.name, offset: 0, padding: 0 };
    if (name === `${bag.name}_weights`) return { kind: "weights", feature: bag.name };
  }
  return undefined;
}

/**
 * Writes what turns our inputs into one of a foreign tower's.
 *
 * @param writer Where to.
 * @param input What it is made of.
 * @param options Which tower, our layout, and what the tower declares.
 * @returns The name of the result.
 * @throws TypeError When the tower declares another type, rank or width than the description gives.
 */
export function writeInput(
  writer: GraphWriter,
  input: ImportedInput,
  options: {
    readonly side: TowerSide;
    readonly layout: RowLayout;
    readonly declared: OnnxValueInfo;
  },
): string {
  const { side, layout, declared } = options;
  const { dtype, shape } = declared;
  const name = `${side} tower as its input "${declared.name}"`;
  if (typeof shape[0] === "number") {
    refuse(name, "take any number of rows", `[${shape}]: export it with a dynamic first axis`);
  }
  if (input.kind === "dense") {
    const features = input.features ?? layout.dense.map((feature) => feature.name);
    const width = features.reduce((sum, feature) => sum + widthOf(feature, layout, name), 0);
    if (dtype !== "float32" || shape.length !== 2 || (typeof shape[1] === "number" && shape[1] !== width)) {
      refuse(name, `be float32 [rows, ${width}] for ${features.join(", ")}`, `${dtype} [${shape}]`);
    }
    const parts = features.map((feature) => columnsOf(writer, feature, layout));
    return parts.length === 1 ? parts[0]! : writer.op("Concat", parts, { axis: 1 });
  }
  const bag = bagNamed(input.feature, layout, name);
  if (shape.length !== 1 && shape.length !== 2)
    refuse(name, "be [rows] or [rows, length]", `${dtype} [${shape}]`);
  const fixed = shape.length === 1 ? 1 : typeof shape[1] === "number" ? shape[1] : undefined;
  if (fixed !== undefined && input.length !== undefined && fixed !== input.length)
    refuse(name, `have length ${input.length}`, `[${shape}]`);
  const length = fixed ?? input.length;
  if (input.kind === "weights" && dtype !== "float32") refuse(name, "be float32", dtype);
  if (dtype === "bool") refuse(name, "be whole numbers", dtype);
  const entries = input.kind === "weights" ? `${bag.name}_weights` : idsOf(writer, bag, input);
  const padding = input.kind === "weights" ? 0 : input.padding;
  const cut = length === undefined ? entries : ofLength(writer, entries, { length, padding, input });
  const typed = input.kind === "ids" && dtype !== "int32" ? cast(writer, cut, dtype) : cut;
  return shape.length === 1 ? writer.op("Squeeze", [typed, writer.int64([1])]) : typed;
}

const cast = (writer: GraphWriter, x: string, to: OnnxType): string =>
  writer.op("Cast", [x], { to: onnxTypes[to] });

/** Rows of the table, shifted; the padding where there is no entry. */
function idsOf(
  writer: GraphWriter,
  bag: BagLayout,
  { offset, padding }: { readonly offset: number; readonly padding: number },
): string {
  const indices = `${bag.name}_indices`;
  if (offset === 0 && padding === 0) return indices;
  const whole = (value: number): string => writer.tensor("int32", [], Int32Array.of(value));
  const shifted = offset === 0 ? indices : writer.op("Add", [indices, whole(offset)]);
  const zero = writer.tensor("float32", [], Float32Array.of(0));
  const present = writer.op("Greater", [`${bag.name}_weights`, zero]);
  return writer.op("Where", [present, shifted, whole(padding)]);
}

/** Filled up with the padding, then cut: exactly `length` columns. */
function ofLength(
  writer: GraphWriter,
  x: string,
  { length, padding, input }: { length: number; padding: number; input: ImportedInput },
): string {
  const value =
    input.kind === "weights"
      ? writer.tensor("float32", [], Float32Array.of(0))
      : writer.tensor("int32", [], Int32Array.of(padding));
  const filled = writer.op("Pad", [x, writer.int64([0, 0, 0, length]), value]);
  return writer.op("Slice", [filled, writer.int64([0]), writer.int64([length]), writer.int64([1])]);
}

/** One feature's columns: [rows, width]. */
function columnsOf(writer: GraphWriter, feature: string, layout: RowLayout): string {
  const dense = layout.dense.find(({ name }) => name === feature);
  if (dense !== undefined) {
    if (dense.width === layout.denseWidth) return "dense";
    const [start, end] = [writer.int64([dense.offset]), writer.int64([dense.offset + dense.width])];
    return writer.op("Slice", ["dense", start, end, writer.int64([1])]);
  }
  // Σ_l weight_l · (index_l = column): [rows, 1, length] × [rows, length, columns].
  const { name, vocabulary } = layout.bags.find((bag) => bag.name === feature)!;
  const columns = writer.tensor(
    "int32",
    [vocabulary],
    Int32Array.from({ length: vocabulary }, (_, i) => i),
  );
  const one = writer.op("Equal", [writer.op("Unsqueeze", [`${name}_indices`, writer.int64([2])]), columns]);
  const weights = writer.op("Unsqueeze", [`${name}_weights`, writer.int64([1])]);
  return writer.op("Squeeze", [
    writer.op("MatMul", [weights, cast(writer, one, "float32")]),
    writer.int64([1]),
  ]);
}

function widthOf(feature: string, layout: RowLayout, input: string): number {
  const dense = layout.dense.find(({ name }) => name === feature);
  return dense?.width ?? bagNamed(feature, layout, input).vocabulary;
}

function bagNamed(feature: string, layout: RowLayout, input: string): BagLayout {
  const bag = layout.bags.find(({ name }) => name === feature);
  if (bag !== undefined) return bag;
  const known = [...layout.dense, ...layout.bags].map(({ name }) => name);
  return refuse(input, `be made of the features ${known.join(", ")}`, `"${feature}"`);
}

function refuse(input: string, rule: string, current: string): never {
  throw new TypeError(`Cannot import the ${input} must ${rule}: current value is ${current}`);
}
