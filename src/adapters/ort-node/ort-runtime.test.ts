import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../base/mod.ts";
import * as graph from "../../graph/mod.ts";
import { createPortableRuntime, emitOnnx } from "../../onnx/mod.ts";
import { testRuntime } from "../../onnx/runtime.conformance.ts";
import { createOrtRuntime } from "./mod.ts";

testRuntime(() => createOrtRuntime({ threads: 2 }));

describe("createOrtRuntime()", () => {
  test("computes a tower as the portable executor does, to 1e-5", async () => {
    const widths = [200, 128, 64, 96] as const;
    const random = createRandom(7);
    const numbers = (count: number, scale: number): Float32Array =>
      Float32Array.from({ length: count }, () => random.normal() * scale);
    const x = graph.input("x", ["batch", widths[0]]);
    const parameters: Record<string, Float32Array> = {};
    let hidden: graph.Value = x;
    widths.slice(1).forEach((width, index) => {
      const before = widths[index]!;
      parameters[`w${index}`] = numbers(before * width, Math.sqrt(2 / before));
      parameters[`b${index}`] = numbers(width, 0.1);
      const weights = graph.parameter(`w${index}`, [before, width]);
      hidden = graph.gelu(graph.add(graph.matMul(hidden, weights), graph.parameter(`b${index}`, [width])));
    });
    const scale = graph.constant(numbers(widths[3], 1), [widths[3]]);
    const normal = graph.layerNorm(hidden, { scale, bias: scale });
    const y = graph.l2Normalise(graph.tanh(normal), { axis: 1 });
    const model = emitOnnx({ name: "tower", inputs: [x], outputs: { y }, parameters });
    const inputs = {
      x: { dtype: "float32", shape: [16, widths[0]], data: numbers(16 * widths[0], 1) },
    } as const;
    const results = [];
    for (const runtime of [createPortableRuntime(), await createOrtRuntime()]) {
      const session = await runtime.load(model);
      results.push((await session.run(inputs))["y"]!.data);
      await session.close();
    }
    const [portable, native] = results as [Float32Array, Float32Array];
    const largest = portable.reduce(
      (worst, value, index) => Math.max(worst, Math.abs(value - native[index]!)),
      0,
    );
    expect(largest).toBeLessThan(1e-5);
  });

  test("names what is missing where the machine has not the device", async () => {
    const outcome = await createOrtRuntime({ device: "cuda" }).then(
      (runtime) => runtime.name,
      (error: unknown) => error,
    );
    // A machine with the device must get it; one without must be told what to do.
    if (outcome !== "onnxruntime-node/cuda") {
      expect(outcome).toMatchObject({ code: "device_unavailable", details: { device: "cuda" } });
      expect(String(outcome)).toContain("--device cpu");
    }
  });

  test("keeps ONNX Runtime from reporting to its maker", async () => {
    // Its uploader opens <temporary folder>/mat-debug-<pid>.log as soon as it starts; a process of its own, since the
    // decision is taken once for each.
    const script = `import { existsSync } from "node:fs";
      import { createOrtRuntime } from "${new URL("./mod.ts", import.meta.url).href}";
      await createOrtRuntime();
      console.log(existsSync(\`\${process.env.TMPDIR}/mat-debug-\${process.pid}.log\`));`;
    const folder = mkdtempSync(join(tmpdir(), "futago-reports-"));
    const environment = { ...process.env, TMPDIR: folder, ORT_DISABLE_TELEMETRY: undefined };
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], { env: environment });
    expect(run.stdout.toString().trim()).toBe("false");
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test("refuses a number of threads that is none", async () => {
    await expect(createOrtRuntime({ threads: 0 })).rejects.toThrow(RangeError);
  });
});
