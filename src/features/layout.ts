import type { BagLayout, DenseLayout, RowLayout, SequenceLayout } from "./encoded.ts";
import type { FieldEncoder } from "./encoder.ts";
import { type FieldState, fieldEncoder } from "./field-encoders.ts";
import type { FeatureState } from "./fitted.ts";
import { patternWidth } from "./pattern.ts";
import type { FeatureSchema } from "./schema.ts";
import { sequenceGaps, sequenceKinds } from "./sequence.ts";

/** Lays features out one after the other. */
class LayoutBuilder {
  readonly #dense: DenseLayout[] = [];
  readonly #bags: BagLayout[] = [];
  #sequence: SequenceLayout | undefined;
  #width = 0;

  bag(name: string, vocabulary: number, role: BagLayout["role"]): void {
    this.#bags.push({ name, vocabulary, role });
  }

  history(name: string, vocabulary: number, signal: "nope" | "positive"): void {
    const layout = { name, vocabulary, role: "history" } as const;
    this.#bags.push(signal === "nope" ? { ...layout, refused: true } : layout);
  }

  dense(name: string, width: number, unseen?: readonly number[]): void {
    const offset = this.#width;
    this.#dense.push(unseen === undefined ? { name, offset, width } : { name, offset, width, unseen });
    this.#width += width;
  }

  field(name: string, encoder: FieldEncoder): void {
    if (encoder.kind === "bag") this.bag(name, encoder.vocabulary, encoder.role);
    else this.dense(name, encoder.width, encoder.unseen);
  }

  sequence(name: string, sizes: { readonly vocabulary: number; readonly length: number }): void {
    const { vocabulary, length } = sizes;
    this.#sequence = { name, vocabulary, steps: length + 1, kinds: sequenceKinds, gaps: sequenceGaps };
  }

  finish(): RowLayout {
    const layout = { denseWidth: this.#width, dense: this.#dense, bags: this.#bags };
    return this.#sequence === undefined ? layout : { ...layout, sequence: this.#sequence };
  }
}

/**
 * What rows of items look like.
 *
 * @param schema The declaration.
 * @param states As fitted, by feature name.
 * @returns The layout, features in the schema's order.
 */
export function itemLayoutOf(
  schema: FeatureSchema,
  states: Readonly<Record<string, FeatureState>>,
): RowLayout {
  const layout = new LayoutBuilder();
  for (const feature of schema.item) {
    layout.field(feature.name, fieldEncoder(feature, states[feature.name] as FieldState));
  }
  return layout.finish();
}

/**
 * What rows of users look like.
 *
 * @param schema The declaration.
 * @param states As fitted, by feature name and side.
 * @returns The layout, features in the schema's order.
 */
export function userLayoutOf(
  schema: FeatureSchema,
  states: {
    readonly itemStates: Readonly<Record<string, FeatureState>>;
    readonly userStates: Readonly<Record<string, FeatureState>>;
  },
): RowLayout {
  const { bags } = itemLayoutOf(schema, states.itemStates);
  const vocabulary = new Map(bags.map((bag) => [bag.name, bag.vocabulary]));
  const layout = new LayoutBuilder();
  for (const feature of schema.user) {
    const { name, kind } = feature;
    if (kind === "sequence") {
      layout.sequence(name, { vocabulary: vocabulary.get(feature.of)!, length: feature.length });
    } else if (kind === "history") layout.history(name, vocabulary.get(feature.of)!, feature.signal);
    else if (kind === "distribution") layout.bag(name, vocabulary.get(feature.of)!, "content");
    else if (kind === "activity") layout.dense(name, 2 * feature.measures.length);
    else if (kind === "pattern") layout.dense(name, patternWidth);
    else layout.field(name, fieldEncoder(feature, states.userStates[name] as FieldState));
  }
  return layout.finish();
}
