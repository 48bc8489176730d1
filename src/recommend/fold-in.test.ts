import { describe, expect, test } from "vitest";
import { foldIn } from "./fold-in.ts";

describe("foldIn", () => {
  test("moves a vector a twentieth of each like towards it, and keeps its length", () => {
    // (1, 0) + 0.05 (0, 1) = (1, 0.05), of length √1.0025.
    const moved = foldIn(Float32Array.of(1, 0), [Float32Array.of(0, 1)]);
    expect(moved[0]).toBeCloseTo(1 / Math.sqrt(1.0025), 6);
    expect(moved[1]).toBeCloseTo(0.05 / Math.sqrt(1.0025), 6);
    // Twice the same is (1, 0.1); a vector of length 2 stays one.
    const twice = foldIn(Float32Array.of(2, 0), [Float32Array.of(0, 1), Float32Array.of(0, 1)]);
    expect(Math.hypot(...twice)).toBeCloseTo(2, 6);
    expect(twice[1]! / twice[0]!).toBeCloseTo(0.05, 6);
  });

  test("leaves the stored vector as it is, and anything without a direction finite", () => {
    const user = Float32Array.of(1, 0);
    expect(foldIn(user, [])).toEqual(user);
    foldIn(user, [Float32Array.of(0, 1)]);
    expect(user).toEqual(Float32Array.of(1, 0));
    expect(foldIn(Float32Array.of(0, 0), [])).toEqual(Float32Array.of(0, 0));
  });
});
