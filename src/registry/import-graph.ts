import { FutagoError } from "../base/mod.ts";
import type { RowLayout } from "../features/mod.ts";
import { GraphWriter, type OnnxModel, type OnnxNode, portableOpsets, unsupportedNodes } from "../onnx/mod.ts";
import type { TowerSide } from "../towers/mod.ts";
import type { ImportedTower } from "./import-config.ts";
import { inputByName, servingInputInfos, writeInput } from "./import-inputs.ts";

/** How a foreign tower's output becomes a vector that we serve. */
export type OutputForm =
  /** As it is: to measure it. */
  | { readonly kind: "raw" }
  /** x / ‖x‖: ranks by the angle. */
  | { readonly kind: "unit" }
  /** [x, 0] / ‖x‖, for the other side's `bounded`. */
  | { readonly kind: "query" }
  /** [x, √(M² - ‖x‖²)] / M: inner products with `query` rank as those of the raw vectors do (Bachrach et al. 2014). */
  | { readonly kind: "bounded"; readonly limit: number };

/**
 * Refuses a model that the portable executor could not run: an edge function has no other.
 *
 * @param side For the message.
 * @param model As parsed.
 * @throws FutagoError `model_unsupported` that names the operator set, or every operation with its node.
 */
export function checkOperators(side: TowerSide, model: OnnxModel): void {
  const version = Object.hasOwn(model.opsets, "") ? model.opsets[""]! : 0;
  const { least, most } = portableOpsets;
  if (!(version >= least && version <= most)) {
    throw new FutagoError(
      "model_unsupported",
      `Cannot import the ${side} tower as its operator set must be ${least} to ${most}: current value is ${version}; export it again with opset_version=18 (torch.onnx) or --opset 18 (tf2onnx)`,
    );
  }
  const problems = unsupportedNodes(model);
  if (problems.length === 0) return;
  const named = problems.slice(0, 10).map(({ name, opType }) => `"${name}" (${opType})`);
  const more = problems.length > 10 ? ` and ${problems.length - 10} more` : "";
  throw new FutagoError(
    "model_unsupported",
    `Cannot import the ${side} tower as the portable executor must know its operations: it cannot run ${named.join(", ")}${more}; express them by others, docs/models.md has the list`,
    { details: { nodes: problems.map(({ name, opType }) => ({ name, opType })) } },
  );
}

/**
 * A foreign tower with our inputs and our output around it: what comes out is registered, loaded and served like one of
 * ours.
 *
 * @param side Which tower.
 * @param model As parsed.
 * @param options Our layout of this side, how its inputs read it, and what becomes of its output.
 * @returns A model with the inputs of an exported tower and the output `embedding`, in the operator set of the given one.
 * @throws TypeError When its inputs or outputs do not fit the description.
 */
export function wrapTower(
  side: TowerSide,
  model: OnnxModel,
  options: { readonly layout: RowLayout; readonly tower: ImportedTower; readonly form: OutputForm },
): OnnxModel {
  const { layout, tower, form } = options;
  const refuse = (rule: string, known: readonly string[], current: string): never => {
    throw new TypeError(
      `Cannot import the ${side} tower as ${rule} (${known.join(", ")}): current value is "${current}"`,
    );
  };
  const given = new Set(model.inputs.map(({ name }) => name));
  const unknown = Object.keys(tower.inputs).find((name) => !given.has(name));
  if (unknown !== undefined) refuse("described inputs must be the model's", [...given], unknown);
  const before = new GraphWriter(new Map());
  const made = new Map(
    model.inputs.map((declared) => {
      const named = Object.hasOwn(tower.inputs, declared.name) ? tower.inputs[declared.name] : undefined;
      const input = named ?? inputByName(declared.name, layout);
      if (input === undefined) {
        const ours = servingInputInfos(layout).map(({ name }) => name);
        return refuse(
          "an input that is not described must have the name of one of ours",
          ours,
          declared.name,
        );
      }
      return [declared.name, writeInput(before, input, { side, layout, declared })] as const;
    }),
  );
  const outputs = model.outputs.map(({ name }) => name);
  const output = tower.output ?? outputs[0] ?? "";
  if (!outputs.includes(output)) refuse("its vector must be one of its outputs", outputs, output);
  const { dtype, shape } = model.outputs.find(({ name }) => name === output)!;
  if (dtype !== "float32" || shape.length !== 2)
    refuse("its vector must be float32", ["[rows, dims]"], `${dtype} [${shape}]`);
  // Its own names get a prefix, so that they never meet ours.
  const renamed = (name: string): string => (name === "" ? "" : (made.get(name) ?? `its/${name}`));
  const inner = model.nodes.map(
    (node): OnnxNode => ({
      ...node,
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
    }),
  );
  const after = new GraphWriter(new Map(), "_o");
  const vector = writeOutput(after, renamed(output), form);
  const identity = {
    opType: "Identity",
    domain: "",
    inputs: [vector],
    outputs: ["embedding"],
    attributes: {},
  };
  return {
    ...model,
    inputs: servingInputInfos(layout),
    outputs: [{ name: "embedding", dtype: "float32", shape: ["rows", "dims"] }],
    initializers: {
      ...before.initializers,
      ...Object.fromEntries(
        Object.entries(model.initializers).map(([name, tensor]) => [renamed(name), tensor]),
      ),
      ...after.initializers,
    },
    nodes: [...before.nodes, ...inner, ...after.nodes, identity],
  };
}

function writeOutput(writer: GraphWriter, x: string, form: OutputForm): string {
  if (form.kind === "raw") return x;
  const last = writer.int64([1]);
  const constant = (value: number): string => writer.tensor("float32", [], Float32Array.of(value));
  const norm = (of: string): string => {
    const square = writer.op("ReduceSum", [writer.op("Mul", [of, of]), last], { keepdims: 1 });
    return writer.op("Max", [writer.op("Sqrt", [square]), constant(1e-12)]);
  };
  if (form.kind !== "bounded") {
    const unit = writer.op("Div", [x, norm(x)]);
    if (form.kind === "unit") return unit;
    return writer.op("Pad", [unit, writer.int64([0, 0, 0, 1]), constant(0)]);
  }
  // An item longer than M is shortened to it, a little less, as a root near 0 loses half its digits.
  const most = constant(form.limit * 0.999);
  const shortened = writer.op("Mul", [x, writer.op("Min", [writer.op("Div", [most, norm(x)]), constant(1)])]);
  const scaled = writer.op("Div", [shortened, constant(form.limit)]);
  const square = writer.op("ReduceSum", [writer.op("Mul", [scaled, scaled]), last], { keepdims: 1 });
  const slack = writer.op("Sqrt", [writer.op("Sub", [constant(1), square])]);
  return writer.op("Concat", [scaled, slack], { axis: 1 });
}
