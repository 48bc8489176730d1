import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFutagoError } from "../base/mod.ts";
import * as graph from "../graph/mod.ts";
import { createPortableRuntime, emitOnnx } from "./mod.ts";
import { testRuntime } from "./runtime.conformance.ts";

testRuntime(async () => createPortableRuntime());

describe("createPortableRuntime() on damaged models", () => {
  const x = graph.input("x", [2, 3]);
  const w = graph.parameter("w", [3, 2]);
  const hidden = graph.softmax(graph.add(graph.matMul(x, w), 1), { axis: 1 });
  const model = emitOnnx({
    name: "victim",
    inputs: [x],
    outputs: {
      y: graph.concat([graph.slice(hidden, { axis: 1, end: 1 }), graph.transpose(graph.transpose(hidden))], {
        axis: 1,
      }),
    },
    parameters: { w: Float32Array.of(1, 2, 3, 4, 5, 6) },
  });
  const input = { dtype: "float32", shape: [2, 3], data: new Float32Array(6) } as const;

  /** Loads and runs; resolves to whether it went well, rejects where it fails in a way that is not ours. */
  async function survives(bytes: Uint8Array): Promise<boolean> {
    try {
      const session = await createPortableRuntime().load(bytes);
      await session.run({ x: input });
      return true;
    } catch (error) {
      // A model that reads well but wants other inputs is the caller's mistake.
      if (isFutagoError(error) || error instanceof TypeError || error instanceof RangeError) return false;
      throw error;
    }
  }

  test("the model itself runs", async () => {
    expect(await survives(model)).toBe(true);
  });

  test("any bytes at all are refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await expect(createPortableRuntime().load(bytes)).rejects.toSatisfy(isFutagoError);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test("changed bytes never crash or hang it", async () => {
    const edits = fc.array(fc.tuple(fc.nat(model.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const bytes = model.slice();
        for (const [at, value] of changes) bytes[at] = value;
        await survives(bytes);
      }),
      { numRuns: 4000, seed: 2 },
    );
  });

  test("a model cut short is refused", async () => {
    for (let length = 0; length < model.length; length++) {
      await expect(createPortableRuntime().load(model.slice(0, length))).rejects.toSatisfy(isFutagoError);
    }
  });
});
