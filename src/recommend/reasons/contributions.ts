import type { PersonHistory } from "../../catalogue/mod.ts";
import {
  bagEntries,
  encodeItems,
  encodeUsers,
  type FittedFeatures,
  historiesFromPeople,
  pooledShares,
  sequenceEvents,
} from "../../features/mod.ts";
import { type Fallback, type LoadedModel, scoreLinear } from "../../registry/mod.ts";
import type { ScoreParts } from "../../towers/mod.ts";

/** What moved a score: something of the past, of the viewer, or of the item. */
export type Cause =
  | { readonly kind: "item"; readonly itemId: string }
  /** A value of an item's field that the viewer said they like. */
  | { readonly kind: "taste"; readonly field: string; readonly value: string }
  /** A feature that is not pooled from the past: a declared field, or how somebody watches. */
  | { readonly kind: "profile" | "habits"; readonly feature: string }
  | { readonly kind: "popularity" };

/** A cause and how much of the score it makes: below 0, what speaks against the item. */
export interface Contribution {
  readonly cause: Cause;
  readonly amount: number;
}

/** A score as the sum of its causes. */
export interface ScoreCauses {
  readonly score: number;
  /** In no order. What they leave of the score, anybody would have got. */
  readonly contributions: readonly Contribution[];
  /** The same by feature of the user tower, pooled ones too. */
  readonly features: Readonly<Record<string, number>>;
}

/**
 * What moved the scores that the towers give a viewer.
 *
 * @param model The version that scores.
 * @param options What the viewer did, the moment it is read at, and the vectors of the items; `enough` as in
 * `ScoreExplainer.explain`.
 * @returns The causes of each score, in the order of the vectors; of the first ones alone where there was enough.
 * @throws FutagoError `model_unsupported` where the version cannot say.
 */
export async function causesByTowers(
  model: LoadedModel,
  options: {
    readonly history: PersonHistory;
    readonly asOf: number;
    readonly vectors: readonly Float32Array[];
    readonly enough?: (() => boolean) | undefined;
  },
): Promise<readonly ScoreCauses[]> {
  const { features } = model.towers;
  const { histories, items } = historiesFromPeople([options.history], options);
  const encoded = encodeItems(features, items, { features: "pooled" });
  const viewer = encodeUsers(features, histories, { items: encoded });
  const shares = pooledShares(features, histories, { items: encoded });
  const sequence = features.schema.user.find((feature) => feature.kind === "sequence");
  const steps = sequence === undefined ? [] : sequenceEvents(sequence, histories);
  const explainer = await model.explainer();
  const found = await explainer.explain(viewer, options.vectors, options);
  const entryOf = entriesByIndex(viewer.bags);
  return found.map((parts) => {
    const past = new Float64Array(items.length);
    const said: Contribution[] = [];
    for (const [feature, pooled] of Object.entries(shares)) {
      for (const { index, item, share } of pooled) {
        const amount = share * (parts.bags[feature]?.[entryOf(feature, index)] ?? 0);
        if (item === undefined) said.push({ cause: tasteOf(features, feature, index), amount });
        else past[item]! += amount;
      }
    }
    // Before the events stands the start, whose place says how many there are.
    for (const [step, item] of steps.entries()) past[item]! += parts.steps[step + 1]!;
    const byFeature = sumByFeature(features, parts);
    const own = Object.entries(byFeature).flatMap(([feature, amount]): Contribution[] => {
      if (feature in shares) return [];
      const cause = { kind: kindOf(features, feature), feature };
      return [{ cause, amount: feature === sequence?.name ? parts.steps[0]! : amount }];
    });
    return {
      score: parts.score,
      contributions: [
        ...items.map(
          ({ id }, row): Contribution => ({ cause: { kind: "item", itemId: id }, amount: past[row]! }),
        ),
        ...said,
        ...own,
        { cause: { kind: "popularity" }, amount: parts.popularity },
      ],
      features: byFeature,
    };
  });
}

/**
 * What moved the scores of the linear model: each like adds its own weight.
 *
 * @param fallback As fitted.
 * @param options What is liked, and which items were scored.
 * @returns The causes of each score, in the order of the items.
 */
export function causesByLinear(
  fallback: Fallback,
  options: { readonly likedIds: readonly string[]; readonly itemIds: readonly string[] },
): readonly ScoreCauses[] {
  const rows = [...new Set(options.likedIds)].map((id) => ({ id, scores: scoreLinear(fallback, [id]) }));
  return options.itemIds.map((itemId) => {
    const contributions = rows.flatMap(({ id, scores }): Contribution[] => {
      const amount = scores.get(itemId);
      return amount === undefined ? [] : [{ cause: { kind: "item", itemId: id }, amount }];
    });
    return { score: contributions.reduce((sum, { amount }) => sum + amount, 0), contributions, features: {} };
  });
}

/**
 * What moved a score of popularity: that alone.
 *
 * @param score The item's.
 * @returns Its one cause.
 */
export function causesByPopularity(score: number): ScoreCauses {
  return { score, contributions: [{ cause: { kind: "popularity" }, amount: score }], features: {} };
}

function entriesByIndex(
  bags: Readonly<Record<string, { readonly indices: Int32Array }>>,
): (feature: string, index: number) => number {
  const places = new Map(
    Object.entries(bags).map(([name, { indices }]) => [
      name,
      new Map(Array.from(indices, (index, entry) => [index, entry])),
    ]),
  );
  return (feature, index) => places.get(feature)?.get(index) ?? -1;
}

function sumByFeature({ userLayout }: FittedFeatures, parts: ScoreParts): Record<string, number> {
  const sum = (values: Float64Array): number => values.reduce((total, part) => total + part, 0);
  const sums = userLayout.bags.map(({ name }) => [name, sum(parts.bags[name]!)] as const);
  const dense = userLayout.dense.map(
    ({ name, offset, width }) => [name, sum(parts.dense.subarray(offset, offset + width))] as const,
  );
  const steps = userLayout.sequence ? [[userLayout.sequence.name, sum(parts.steps)] as const] : [];
  return Object.fromEntries([...sums, ...dense, ...steps]);
}

function tasteOf(features: FittedFeatures, name: string, index: number): Cause {
  const { user, item } = features.schema;
  const pooled = user.find((feature) => feature.name === name);
  const of = item.find((feature) => pooled !== undefined && "of" in pooled && feature.name === pooled.of);
  const field = of !== undefined && "field" in of ? of.field : "";
  return { kind: "taste", field, value: bagEntries(features, "user", name)?.[index - 1] ?? "" };
}

function kindOf({ schema }: FittedFeatures, name: string): "profile" | "habits" {
  const kind = schema.user.find((feature) => feature.name === name)?.kind;
  return kind === "activity" || kind === "pattern" || kind === "sequence" ? "habits" : "profile";
}
