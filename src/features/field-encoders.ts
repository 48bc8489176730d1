import { type BagFeature, bagEncoder, fitBag } from "./bag.ts";
import { type BandFeature, bandEncoder } from "./band.ts";
import { type CategoryFeature, category } from "./category.ts";
import type { FieldEncoder, FieldRow, FitContext } from "./encoder.ts";
import { type EraFeature, era } from "./era.ts";
import { fitItemId, type ItemIdFeature, itemIdEncoder } from "./item-id.ts";
import { type CountFeature, fitNumber, type NumberFeature, numberEncoder } from "./number.ts";
import {
  fitPopularity,
  type PopularityFeature,
  type PopularityState,
  popularityEncoder,
} from "./popularity.ts";
import {
  fitReleaseAge,
  type ReleaseAgeFeature,
  type ReleaseAgeState,
  releaseAgeEncoder,
} from "./release-age.ts";
import type { StandardState } from "./standardise.ts";
import { fitText, type TextFeature, type TextState, textEncoder } from "./text.ts";
import { type VectorFeature, vectorEncoder } from "./vector.ts";
import type { VocabularyState } from "./vocabulary.ts";

/** A feature that reads the fields of one row. */
export type FieldFeature =
  | ItemIdFeature
  | CategoryFeature
  | BagFeature
  | TextFeature
  | NumberFeature
  | CountFeature
  | BandFeature
  | EraFeature
  | ReleaseAgeFeature
  | PopularityFeature
  | VectorFeature;

/** What fitting found out about one feature; null where there is nothing to find out. */
export type FieldState =
  | VocabularyState
  | TextState
  | StandardState
  | ReleaseAgeState
  | PopularityState
  | null;

/** How features of one kind are fitted and made ready. */
interface FieldEncoding<F extends FieldFeature> {
  readonly fit: (feature: F, rows: readonly FieldRow[], context: FitContext) => FieldState;
  readonly encoder: (feature: F, state: FieldState) => FieldEncoder;
}

type FieldEncodings = {
  readonly [K in FieldFeature["kind"]]: FieldEncoding<Extract<FieldFeature, { kind: K }>>;
};

// The states' types follow from the kinds: `checkFittedFeatures` has seen to it where they come from a file.
const encodings: FieldEncodings = {
  id: { fit: fitItemId, encoder: (_, state) => itemIdEncoder(state as VocabularyState) },
  category: {
    fit: category.fit,
    encoder: (feature, state) => category.encoder(feature, state as VocabularyState),
  },
  bag: { fit: fitBag, encoder: (feature, state) => bagEncoder(feature, state as VocabularyState) },
  text: { fit: fitText, encoder: (feature, state) => textEncoder(feature, state as TextState) },
  number: { fit: fitNumber, encoder: (feature, state) => numberEncoder(feature, state as StandardState) },
  count: { fit: fitNumber, encoder: (feature, state) => numberEncoder(feature, state as StandardState) },
  band: { fit: () => null, encoder: (feature) => bandEncoder(feature) },
  era: { fit: era.fit, encoder: (feature, state) => era.encoder(feature, state as VocabularyState) },
  age: {
    fit: (_, rows, context) => fitReleaseAge(rows, context),
    encoder: (feature, state) => releaseAgeEncoder(feature, state as ReleaseAgeState),
  },
  popularity: {
    fit: (_, rows, context) => fitPopularity(rows, context),
    encoder: (feature, state) => popularityEncoder(feature, state as PopularityState),
  },
  vector: { fit: () => null, encoder: (feature) => vectorEncoder(feature) },
};

function encodingOf(feature: FieldFeature): FieldEncoding<FieldFeature> {
  return encodings[feature.kind] as unknown as FieldEncoding<FieldFeature>;
}

/**
 * Fits one feature.
 *
 * @param feature The declaration.
 * @param rows The fit data.
 * @param context What is known beside the rows.
 * @returns The state: plain JSON.
 */
export function fitField(feature: FieldFeature, rows: readonly FieldRow[], context: FitContext): FieldState {
  return encodingOf(feature).fit(feature, rows, context);
}

/**
 * Makes a fitted feature ready to run.
 *
 * @param feature The declaration.
 * @param state As {@link fitField} gave it.
 * @returns The encoder.
 */
export function fieldEncoder(feature: FieldFeature, state: FieldState): FieldEncoder {
  return encodingOf(feature).encoder(feature, state);
}
