import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFutagoError } from "../base/mod.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";

const checkpoint = {
  fingerprint: "f00",
  facts: { step: 7, curves: [0.5, null] },
  arrays: [
    { name: "a", data: Float32Array.of(1, Number.MIN_VALUE, -0, 3e38, 5) },
    { name: "b", data: Int32Array.of(-1, 2 ** 31 - 1) },
    { name: "none", data: new Float32Array(0) },
  ],
};

describe("checkpoint", () => {
  test("is read as it was written, also from the middle of a buffer", () => {
    const bytes = encodeCheckpoint(checkpoint);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeCheckpoint(bytes)).toEqual(checkpoint);
    expect(decodeCheckpoint(shifted.subarray(3))).toEqual(checkpoint);
  });

  test("tells of any changed or missing byte", () => {
    const bytes = encodeCheckpoint(checkpoint);
    const refuses = (damaged: Uint8Array): boolean => {
      try {
        decodeCheckpoint(damaged);
        return false;
      } catch (error) {
        return isFutagoError(error) && error.code === "checkpoint_mismatch";
      }
    };
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at]! ^= change;
        // Padding between header and arrays belongs to neither.
        return refuses(damaged) || JSON.stringify(decodeCheckpoint(damaged)) === JSON.stringify(checkpoint);
      }),
      { numRuns: 500, seed: 1 },
    );
    for (let length = 0; length < bytes.length; length++)
      expect(refuses(bytes.subarray(0, length))).toBe(true);
  });
});
