import { expect } from "vitest";
import type { Session, Tensor } from "../onnx/mod.ts";

/** A model whose output `total` is differentiated, as `d <name>`, by each of its parameters. */
export interface DifferentiatedModel {
  readonly session: Session;
  /** Where it is looked at; numbers are moved and put back. */
  readonly values: Readonly<
    Record<string, { readonly shape: readonly [number, number]; readonly data: Float32Array }>
  >;
  /** Inputs that are no parameters. @default none */
  readonly fed?: Readonly<Record<string, Tensor>>;
}

/**
 * Every slope the model gives must be what moving that number alone by 2⁻⁹ either way shows, within a thousandth.
 *
 * @param model Run in double precision.
 * @returns The slopes it gave, by output.
 */
export async function expectCentralDifferences(
  model: DifferentiatedModel,
): Promise<Readonly<Record<string, Tensor>>> {
  const { session, values, fed = {} } = model;
  const parameters = Object.entries(values).map(([name, { shape, data }]) => {
    return [name, { dtype: "float32" as const, shape, data }] as const;
  });
  const run = () => session.run({ ...fed, ...Object.fromEntries(parameters) });
  const analytic = await run();
  const h = 2 ** -9;
  for (const [name, { data }] of Object.entries(values)) {
    for (const [i, x] of data.entries()) {
      data[i] = x + h;
      const above = { x: data[i]!, f: (await run())["total"]!.data[0]! };
      data[i] = x - h;
      const below = { x: data[i]!, f: (await run())["total"]!.data[0]! };
      data[i] = x;
      const slope = (above.f - below.f) / (above.x - below.x);
      const error = Math.abs(slope - analytic[`d ${name}`]!.data[i]!);
      expect(error / Math.max(1, Math.abs(slope)), `${name} ${i}`).toBeLessThan(1e-3);
    }
  }
  return analytic;
}
