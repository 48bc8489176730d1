import * as z from "zod/mini";
import { featureName } from "./declaration.ts";
import type { DenseEncoder, FieldRow, FitContext } from "./encoder.ts";
import { numberOf } from "./field-value.ts";
import { fitStandard, type StandardState, signedLog, writeStandard } from "./standardise.ts";

const day = 86_400_000;

/**
 * How long an item had been out when the fit data ended: log(1 + days), standardised. The fitted end is used at
 * serving too, so that an item's vector does not change while the model stays; what came later is 0 days old.
 */
export const releaseAgeFeature = z.strictObject({
  kind: z.literal("age"),
  name: featureName,
  /** In standard deviations. */
  clip: z._default(z.number().check(z.positive(), z.maximum(100)), 5),
});

/** See {@link releaseAgeFeature}. */
export type ReleaseAgeFeature = z.output<typeof releaseAgeFeature>;

/** Scale of the ages and the moment they are counted to. */
export interface ReleaseAgeState extends StandardState {
  /** Milliseconds since 1970. */
  readonly dataEnd: number;
}

function read(row: FieldRow, dataEnd: number): number {
  return signedLog(Math.max(0, dataEnd - numberOf(row.releasedAt)) / day);
}

/**
 * Finds centre and scale of the ages.
 *
 * @param rows The fit data.
 * @param context Its end.
 * @returns The state.
 */
export function fitReleaseAge(rows: readonly FieldRow[], context: FitContext): ReleaseAgeState {
  const { dataEnd } = context;
  return { ...fitStandard(Float64Array.from(rows, (row) => read(row, dataEnd))), dataEnd };
}

/**
 * Two columns: the standardised age and the missing flag.
 *
 * @param feature The declaration.
 * @param state As fitted.
 * @returns The encoder.
 */
export function releaseAgeEncoder(feature: ReleaseAgeFeature, state: ReleaseAgeState): DenseEncoder {
  return {
    kind: "dense",
    width: 2,
    encode(row, out, offset) {
      writeStandard(state, read(row, state.dataEnd), { out, offset, clip: feature.clip });
    },
  };
}
