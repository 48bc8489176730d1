import type { Csr } from "../base/mod.ts";
import type { Fields } from "../catalogue/mod.ts";
import { type ActivityState, measureActivity, writeActivity } from "./activity.ts";
import { BagBuilder } from "./bag-builder.ts";
import type { EncodedRows, Histories } from "./encoded.ts";
import type { FieldEncoder, FieldRow } from "./encoder.ts";
import { type FieldState, fieldEncoder } from "./field-encoders.ts";
import type { FittedFeatures } from "./fitted.ts";
import { writePattern } from "./pattern.ts";
import { createPoolScratch, type PoolScratch, poolSignals } from "./pooling.ts";
import type { UserFeature } from "./schema.ts";
import { encodeSequences } from "./sequence.ts";
import { createSignalScratch, eventWindow, readSignals, type SignalScratch } from "./signals.ts";
import { declaredRows } from "./taste.ts";
import { type VocabularyState, vocabularyRows } from "./vocabulary.ts";

/** Options of {@link encodeUsers}. */
export interface EncodeUsersOptions {
  /** What `histories.item` counts in: rows that `encodeItems` made with the same fitted features. */
  readonly items: EncodedRows;
  /**
   * One 0 or 1 per event: 0 hides it from histories and distributions (dropout in training). Dense features and
   * sequences do not see the mask.
   * @default All kept.
   */
  readonly keep?: Uint8Array;
  /**
   * The dense block of the same histories from an earlier call, used as it is: it does not depend on `keep`.
   * @default Computed.
   */
  readonly dense?: Float32Array;
}

interface CompiledUsers {
  readonly encoders: ReadonlyMap<string, FieldEncoder>;
  readonly offsets: ReadonlyMap<string, number>;
  readonly pool: PoolScratch;
  /** Of distributions that read a declared taste: as how many likes, of which item field, with the row of each value. */
  readonly declared: ReadonlyMap<
    string,
    { readonly weight: number; readonly field: string; readonly rows: ReadonlyMap<string, number> }
  >;
  signals: SignalScratch;
}

const compiled = new WeakMap<FittedFeatures, CompiledUsers>();

function compiledOf(fitted: FittedFeatures): CompiledUsers {
  let users = compiled.get(fitted);
  if (users !== undefined) return users;
  const encoders = new Map<string, FieldEncoder>();
  for (const feature of fitted.schema.user) {
    if (isDerived(feature)) continue;
    encoders.set(feature.name, fieldEncoder(feature, fitted.userStates[feature.name] as FieldState));
  }
  users = {
    encoders,
    offsets: new Map(fitted.userLayout.dense.map(({ name, offset }) => [name, offset])),
    declared: new Map(
      fitted.schema.user.flatMap((feature) => {
        if (feature.kind !== "distribution" || feature.declared === undefined) return [];
        const of = fitted.schema.item.find(({ name }) => name === feature.of);
        if (of?.kind !== "bag" && of?.kind !== "category") return [];
        const rows = vocabularyRows(fitted.itemStates[of.name] as VocabularyState);
        return [[feature.name, { weight: feature.declared, field: of.field, rows }]];
      }),
    ),
    pool: createPoolScratch(Math.max(1, ...fitted.itemLayout.bags.map(({ vocabulary }) => vocabulary))),
    signals: createSignalScratch(0, 0),
  };
  compiled.set(fitted, users);
  return users;
}

/**
 * The distributions that read what viewers said they like.
 *
 * @param fitted The features.
 * @returns By feature name: as how many likes it counts, of which item field, with the row of each value.
 */
export function declaredIn(fitted: FittedFeatures): CompiledUsers["declared"] {
  return compiledOf(fitted).declared;
}

/** What one viewer said they like: rows by feature, and as how many likes it counts, 0 where nothing known was said. */
function saidBy(declared: CompiledUsers["declared"], fields: Histories["fields"][number]) {
  const rows = new Map<string, readonly number[]>();
  let weight = 0;
  for (const [feature, { field, rows: known, weight: own }] of declared) {
    const entries = declaredRows(fields, field, known);
    if (entries.length === 0) continue;
    rows.set(feature, entries);
    weight = Math.max(weight, own);
  }
  return { rows, weight };
}

type DerivedKind = "history" | "distribution" | "activity" | "pattern" | "sequence";
const derivedKinds = new Set<string>([
  "history",
  "distribution",
  "activity",
  "pattern",
  "sequence",
] satisfies DerivedKind[]);
type DerivedFeature = Extract<UserFeature, { kind: DerivedKind }>;

function isDerived(feature: UserFeature): feature is DerivedFeature {
  return derivedKinds.has(feature.kind);
}

/**
 * Encodes viewers from what they did: the same code for a training batch and for one request.
 *
 * No event later than a viewer's `asOf` is read.
 *
 * @param fitted As fitted or read from a bundle.
 * @param histories Events as columns, by `historiesOf` or `historiesFromPeople`.
 * @param options The encoded items, and what a training step may add.
 * @returns One row per viewer, in their order.
 * @throws RangeError When `keep` or `dense` has another length than the histories ask for.
 */
export function encodeUsers(
  fitted: FittedFeatures,
  histories: Histories,
  options: EncodeUsersOptions,
): EncodedRows {
  const users = histories.offsets.length - 1;
  const { denseWidth } = fitted.userLayout;
  const { items, keep } = options;
  expectLength("keep", keep?.length, histories.item.length);
  expectLength("dense", options.dense?.length, users * denseWidth);
  const sequence = fitted.schema.user.find((feature) => feature.kind === "sequence");
  return {
    rows: users,
    dense: options.dense ?? encodeDense(fitted, histories),
    bags: encodeBags(fitted, histories, { items, keep }),
    ...(sequence && { sequence: encodeSequences(sequence, histories, items.bags[sequence.of]!) }),
  };
}

function expectLength(name: string, length: number | undefined, expected: number): void {
  if (length === undefined || length === expected) return;
  throw new RangeError(
    `Cannot encode users as ${name} must hold ${expected} values for these histories: current value is ${length}`,
  );
}

function fieldRow(histories: Histories, user: number): FieldRow {
  return { id: "", title: "", fields: histories.fields[user] as Fields };
}

function encodeDense(fitted: FittedFeatures, histories: Histories): Float32Array {
  const users = histories.offsets.length - 1;
  const { schema, userLayout, userStates } = fitted;
  const { history } = schema;
  const { encoders, offsets, declared } = compiledOf(fitted);
  const out = new Float32Array(users * userLayout.denseWidth);
  for (let user = 0; user < users; user++) {
    const window = eventWindow(histories, user, history.maxEvents);
    const start = user * userLayout.denseWidth;
    for (const feature of schema.user) {
      const offset = start + (offsets.get(feature.name) ?? 0);
      if (feature.kind === "activity") {
        const measured = measureActivity(histories, user, { window, history });
        writeActivity(feature, userStates[feature.name] as ActivityState, { measured, out, offset });
      } else if (feature.kind === "pattern") {
        const unknown = saidBy(declared, histories.fields[user]!).weight;
        writePattern(histories, window, { out, offset, history, unknown });
      } else {
        const encoder = encoders.get(feature.name);
        if (encoder?.kind === "dense") encoder.encode(fieldRow(histories, user), out, offset);
      }
    }
  }
  return out;
}

function encodeBags(
  fitted: FittedFeatures,
  histories: Histories,
  options: { readonly items: EncodedRows; readonly keep: Uint8Array | undefined },
): Record<string, Csr> {
  const users = histories.offsets.length - 1;
  const { items, keep } = options;
  const { history } = fitted.schema;
  const state = compiledOf(fitted);
  if (state.signals.stamp.length < items.rows) state.signals = createSignalScratch(items.rows, history.limit);
  const { encoders, declared, pool, signals: scratch } = state;
  const bags = fitted.schema.user
    .filter((feature) => fitted.userLayout.bags.some(({ name }) => name === feature.name))
    .map((feature) => ({ feature, out: new BagBuilder(users, 8) }));
  const pools = bags.some(({ feature }) => feature.kind === "history" || feature.kind === "distribution");
  const signalOptions = { history, itemRows: items.rows, keep, scratch };
  for (let user = 0; user < users; user++) {
    if (pools) readSignals(histories, eventWindow(histories, user, history.maxEvents), signalOptions);
    const said = saidBy(declared, histories.fields[user]!);
    for (const { feature, out } of bags) {
      if (feature.kind === "history" || feature.kind === "distribution") {
        const signals = feature.signal === "nope" ? scratch.nope : scratch.positive;
        const normalise = feature.kind === "history" ? "l2" : "share";
        const entries = said.rows.get(feature.name);
        const weight = declared.get(feature.name)?.weight ?? 0;
        const unknown = feature.signal === "nope" ? 0 : said.weight;
        poolSignals(signals, items.bags[feature.of]!, {
          ...{ normalise, out, scratch: pool },
          ...(entries ? { declared: { entries, weight } } : { unknown }),
        });
      } else {
        const encoder = encoders.get(feature.name);
        if (encoder?.kind === "bag") encoder.encode(fieldRow(histories, user), out);
      }
      out.endRow();
    }
  }
  return Object.fromEntries(bags.map(({ feature, out }) => [feature.name, out.finish()]));
}
