import type { ActivityState } from "./activity.ts";
import type { RowLayout } from "./encoded.ts";
import type { FieldState } from "./field-encoders.ts";
import type { FeatureSchema } from "./schema.ts";

/** What fitting found out about one feature of either side. */
export type FeatureState = FieldState | ActivityState;

/** Everything encoding needs, as plain JSON: a bundle's `features.json`. */
export interface FittedFeatures {
  readonly kind: "fitted-features";
  readonly formatVersion: 1;
  readonly schema: FeatureSchema;
  /** `hashFeatureSchema(schema)`. */
  readonly schemaHash: string;
  /** Time of the last event of the fit data, in milliseconds since 1970. */
  readonly dataEnd: number;
  readonly itemLayout: RowLayout;
  readonly userLayout: RowLayout;
  /** By feature name. */
  readonly itemStates: Readonly<Record<string, FeatureState>>;
  /** By feature name. */
  readonly userStates: Readonly<Record<string, FeatureState>>;
}
