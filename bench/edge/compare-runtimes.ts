import { execFile } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { createPortableRuntime, type Runtime, type Tensors } from "../../src/onnx/mod.ts";
import type { DeployableModel } from "../../src/registry/mod.ts";
import { loadTowers } from "../../src/towers/mod.ts";

/** Medians in milliseconds and megabytes; `coldMs`: module, model and first vector. */
export interface RuntimeFigures {
  readonly importMs: number;
  readonly openMs: number;
  readonly firstRunMs: number;
  readonly warmMs: number;
  readonly addedMb: number;
  readonly coldMs: number;
  /** What a function's bundle would have to carry. */
  readonly codeMb: number;
}

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ortFolder = file("../../node_modules/onnxruntime-web/dist/");

/**
 * The user tower of one viewer in Deno: the portable executor beside ONNX Runtime's WebAssembly, each in fresh processes.
 *
 * @param model Its user tower.
 * @param options `boots`: processes for each. `portableBytes`: the code that has the executor in it. `program`: Deno.
 * @returns Figures by runtime.
 */
export async function compareRuntimes(
  model: DeployableModel,
  options: { readonly boots: number; readonly portableBytes: number; readonly program: string },
): Promise<Readonly<Record<"portable" | "onnxruntimeWeb", RuntimeFigures>>> {
  const folder = await mkdtemp(join(tmpdir(), "futago-bench-tower-"));
  try {
    const inputs = join(folder, "inputs.json");
    const onnx = join(folder, "user_tower.onnx");
    await writeFile(onnx, model.userOnnx);
    await writeFile(inputs, JSON.stringify(await recordInputs(model)));
    const measure = async (module: string, wasm?: string) => {
      const job = JSON.stringify({
        module,
        model: onnx,
        inputs,
        warm: 500,
        ...(wasm === undefined ? {} : { wasm }),
      });
      const runs: Omit<RuntimeFigures, "coldMs" | "codeMb">[] = [];
      for (let i = 0; i < options.boots; i++) {
        const flags = [
          "run",
          "--quiet",
          "--no-code-cache",
          "--no-prompt",
          "--node-modules-dir=manual",
          "--no-lock",
          "--allow-all",
        ];
        const { stdout } = await promisify(execFile)(options.program, [...flags, file("tower.ts"), job]);
        runs.push(JSON.parse(stdout.trim().split("\n").at(-1)!));
      }
      return medians(runs);
    };
    const wasm = join(ortFolder, "ort-wasm-simd-threaded.wasm");
    const script = join(ortFolder, "ort.wasm.bundle.min.mjs");
    return {
      portable: {
        ...(await measure(pathToFileURL(file("../../src/onnx/mod.ts")).href)),
        codeMb: options.portableBytes / 1e6,
      },
      onnxruntimeWeb: {
        ...(await measure(pathToFileURL(script).href, wasm)),
        codeMb: ((await stat(wasm)).size + (await stat(script)).size) / 1e6,
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the user tower is given for a viewer with a long history. */
async function recordInputs(model: DeployableModel): Promise<object> {
  let recorded: Tensors = {};
  const portable = createPortableRuntime();
  const recording: Runtime = {
    ...portable,
    load: async (bytes, options) => {
      const session = await portable.load(bytes, options);
      if (options?.name !== "user tower") return session;
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        close: () => session.close(),
        run: (inputs, outputs) => {
          recorded = inputs;
          return session.run(inputs, outputs);
        },
      };
    },
  };
  const towers = await loadTowers(recording, model);
  const items = Array.from({ length: 100 }, (_, i) => ({
    id: `item-${i}`,
    title: `Harbour ${i}`,
    fields: {},
  }));
  const events = items.map(({ id }, i) => ({
    personId: "viewer",
    itemId: id,
    kind: "like" as const,
    at: i * 3_600_000,
  }));
  const history = {
    person: { id: "viewer", fields: {} },
    events,
    items: new Map(items.map((item) => [item.id, item])),
  };
  await towers.embedHistories([history], { asOf: 100 * 3_600_000 });
  return Object.fromEntries(
    Object.entries(recorded).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape, data: [...data] },
    ]),
  );
}

function medians(runs: readonly Omit<RuntimeFigures, "coldMs" | "codeMb">[]): Omit<RuntimeFigures, "codeMb"> {
  const of = (value: (run: (typeof runs)[number]) => number): number => {
    const sorted = runs.map(value).toSorted((a, b) => a - b);
    return Math.round(sorted[Math.floor(sorted.length / 2)]! * 100) / 100;
  };
  return {
    importMs: of((run) => run.importMs),
    openMs: of((run) => run.openMs),
    firstRunMs: of((run) => run.firstRunMs),
    coldMs: of((run) => run.importMs + run.openMs + run.firstRunMs),
    warmMs: of((run) => run.warmMs),
    addedMb: of((run) => run.addedMb),
  };
}
