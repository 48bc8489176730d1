import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { createRandom, type Random } from "../src/base/mod.ts";
import { buildDataset, type Dataset, eventKinds, filterEvents, generateDemo } from "../src/catalogue/mod.ts";
import { encodeItems, historiesOf, videoSchema } from "../src/features/mod.ts";
import type { Runtime } from "../src/onnx/mod.ts";
import type { ValueFormula, ValuePart } from "../src/recommend/mod.ts";
import { headChance, loadTowers, tasks } from "../src/towers/mod.ts";
import { createTrainer, type TrainingOptions } from "../src/training/mod.ts";
import type { BenchmarkOptions } from "./benchmark.ts";

/** Shown in the list of benchmarks. */
export const about =
  "what heads and a value formula bring on the demo data: likes and refusals among the first ten; --seeds 42,1,2";

const limit = 10;
const pool = 4 * limit;
/** Share of what each viewer met that is hidden for validation, and again for test. */
const hidden = 0.15;
/** Which heads are trained, by the weights of their losses; the first is what the others are compared with. */
const trainings: Readonly<Record<string, TrainingOptions>> = {
  "no heads": {},
  "like 1": { likeHeadWeight: 1 },
  "watch 1": { watchHeadWeight: 1 },
  "nope 1": { nopeHeadWeight: 1 },
  ...Object.fromEntries(
    [0.1, 1, 3, 10].map((each) => [
      `all ${each}`,
      { likeHeadWeight: each, watchHeadWeight: each, nopeHeadWeight: each },
    ]),
  ),
};
/** Weights that a formula may have beside a similarity of 1; of refusals with a minus. */
const weights = [0, 0.03, 0.1, 0.3, 1, 3];

/** What is measured of each viewer's ten: NDCG of hidden likes, and how many of the ten were liked, refused and watched. */
const figures = ["ndcg", "liked", "refused", "watched"] as const;
type Figures = Readonly<Record<(typeof figures)[number], number>>;

interface Measured extends Figures {
  readonly person: number;
}

/** What a formula is chosen by. */
const aims: Readonly<Record<string, (of: Figures) => number>> = {
  ndcg: ({ ndcg }) => ndcg,
  "likes less refusals": ({ liked, refused }) => liked - refused,
};

/**
 * Hides part of what each viewer of the demo met, trains on the rest without heads and with them, chooses formulas by the
 * part for validation and measures on the part for test. What nobody met counts as nothing.
 *
 * @param options Arguments and log.
 * @returns A row for each training and formula: the mean over the viewers of all seeds, on test the difference to the towers
 * without heads with its interval, too.
 */
export async function run({ args, log }: BenchmarkOptions): Promise<Readonly<Record<string, unknown>>> {
  const given = (name: string): string | undefined =>
    args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
  const seeds = (given("--seeds") ?? "42,1,2").split(",").map(Number);
  const preset = given("--preset") === "standard" ? "standard" : "lite";
  const only = given("--only")?.split(",") ?? Object.keys(trainings).slice(1);
  const { dataset } = buildDataset(generateDemo());
  const runtime = await createOrtRuntime();
  const rows = new Map<string, { readonly validation: Measured[]; readonly test: Measured[] }>();
  const chosen: string[] = [];
  for (const seed of seeds) {
    const parts = deal(dataset, createRandom(seed).fork("encounters"));
    for (const name of ["no heads", ...only]) {
      const training = { ...trainings[name], seed };
      const found = await train(runtime, { dataset, parts, preset, training });
      const keep = (row: string, formula: ValueFormula): void => {
        const before = rows.get(row) ?? { validation: [], test: [] };
        before.validation.push(...measure(found.validation, formula));
        before.test.push(...measure(found.test, formula));
        rows.set(row, before);
      };
      keep(name, {});
      if (name.startsWith("all")) {
        for (const [aim, worth] of Object.entries(aims)) {
          const formula = bestFormula(found.validation, worth);
          keep(`${name}, formula by ${aim}`, formula);
          chosen.push(`seed ${seed}, ${name}, ${aim}: ${JSON.stringify(formula)}`);
        }
      }
      log(`seed ${seed}, ${name}: ${JSON.stringify(summarise(rows)[name])}`);
    }
  }
  const viewers = rows.get("no heads")!.test.length;
  return { preset, seeds, limit, pool, hidden, viewers, chosen, rows: summarise(rows) };
}

function measure(viewers: readonly Nearest[], formula: ValueFormula): Measured[] {
  return viewers.map((viewer) => ({ person: viewer.person, ...figuresOf(viewer, formula) }));
}

/** Of all formulas the one that is worth most to the viewers. */
function bestFormula(viewers: readonly Nearest[], worth: (of: Figures) => number): ValueFormula {
  let best: ValueFormula = {};
  let most = Number.NEGATIVE_INFINITY;
  for (const formula of formulas()) {
    const found = mean(measure(viewers, formula).map(worth));
    if (found > most) [best, most] = [formula, found];
  }
  return best;
}

/** For each event its part: 0 to train on, 1 for validation, 2 for test; all events of a viewer and an item share theirs. */
function deal(dataset: Dataset, random: Random): Uint8Array {
  const parts = new Uint8Array(dataset.events.item.length);
  for (let person = 0; person < dataset.people.length; person++) {
    const met = new Map<number, number>();
    for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
      const item = dataset.events.item[e]!;
      const draw = met.has(item) ? 1 : random.next();
      if (!met.has(item)) met.set(item, draw < hidden ? 2 : draw < 2 * hidden ? 1 : 0);
      parts[e] = met.get(item)!;
    }
  }
  return parts;
}

/** What came of an item: 0 or 1, and the share that was watched. */
type Outcome = Readonly<Record<"like" | "nope" | "watch", number>>;

/** The items that are nearest to a viewer, best first. */
interface Nearest {
  readonly person: number;
  readonly found: readonly {
    readonly parts: Readonly<Partial<Record<ValuePart, number>>>;
    readonly outcome: Outcome | undefined;
  }[];
  /** Hidden likes. */
  readonly likes: number;
}

interface Trial {
  readonly dataset: Dataset;
  readonly parts: Uint8Array;
  readonly preset: "lite" | "standard";
  readonly training: TrainingOptions;
}

/** Trains, and finds what is nearest to whoever has a hidden like, with what came of it in the hidden part. */
async function train(
  runtime: Runtime,
  { dataset, parts, preset, training }: Trial,
): Promise<Readonly<Record<"validation" | "test", readonly Nearest[]>>> {
  const known = filterEvents(dataset, (event) => parts[event] === 0);
  const encounters = { validation: outcomes(dataset, parts, 1), test: outcomes(dataset, parts, 2) };
  const likesOf = (met: ReadonlyMap<number, Outcome>): number[] =>
    [...met]
      .filter(([, { like }]) => like === 1)
      .map(([item]) => item)
      .sort((a, b) => a - b);
  const asked = (part: keyof typeof encounters): Int32Array =>
    Int32Array.from(dataset.people.keys()).filter((p) => likesOf(encounters[part][p]!).length > 0);
  const stopping = asked("validation");
  const targets = [...stopping].map((p) => likesOf(encounters.validation[p]!));
  const model = await createTrainer({ runtime }).fit(known, {
    schema: videoSchema,
    towers: { preset },
    training,
    validation: {
      given: historiesOf(known, stopping),
      targets: {
        offsets: offsetsOf(targets),
        indices: Int32Array.from(targets.flat()),
        weights: new Float32Array(targets.flat().length).fill(1),
      },
    },
  });
  const towers = await loadTowers(runtime, model);
  const encoded = encodeItems(model.features, dataset.items);
  const itemVectors = await towers.embedEncodedItems(encoded);
  const { dims } = towers;
  const itemOf = (item: number): Float32Array => itemVectors.subarray(item * dims, (item + 1) * dims);
  const nearest = async (part: "validation" | "test"): Promise<Nearest[]> => {
    const people = asked(part);
    const users = await towers.embedUsers(historiesOf(known, people), encoded);
    return [...people].map((person, row) => {
      const user = users.subarray(row * dims, (row + 1) * dims);
      const seen = new Set<number>();
      for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
        if (parts[e] === 0 || (part === "test" && parts[e] === 1)) seen.add(dataset.events.item[e]!);
      }
      const scored = dataset.items.flatMap((_, item) => {
        if (seen.has(item)) return [];
        const vector = itemOf(item);
        return [{ item, score: user.reduce((sum, x, d) => sum + x * vector[d]!, 0) }];
      });
      const met = encounters[part][person]!;
      const found = scored
        .sort((a, b) => b.score - a.score)
        .slice(0, pool)
        .map(({ item, score }) => {
          const chances = tasks.flatMap((task) => {
            const head = model.heads?.heads[task];
            return head === undefined
              ? []
              : [[task, headChance(head, { user, item: itemOf(item) })] as const];
          });
          return { parts: { similarity: score, ...Object.fromEntries(chances) }, outcome: met.get(item) };
        });
      return { person, found, likes: likesOf(met).length };
    });
  };
  const both = { validation: await nearest("validation"), test: await nearest("test") };
  await towers.close();
  return both;
}

function offsetsOf(rows: readonly (readonly number[])[]): Int32Array {
  const offsets = new Int32Array(rows.length + 1);
  for (const [at, row] of rows.entries()) offsets[at + 1] = offsets[at]! + row.length;
  return offsets;
}

/** By person, what came of the items of one part: the last decision, and the longest view. */
function outcomes(dataset: Dataset, parts: Uint8Array, part: number): ReadonlyMap<number, Outcome>[] {
  const { item, kind, watchFraction } = dataset.events;
  return dataset.people.map((_, person) => {
    const met = new Map<number, Outcome>();
    for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
      if (parts[e] !== part) continue;
      const before = met.get(item[e]!) ?? { like: 0, nope: 0, watch: 0 };
      const what = eventKinds[kind[e]!]!;
      met.set(item[e]!, {
        like: what === "view" ? before.like : what === "like" ? 1 : 0,
        nope: what === "view" ? before.nope : what === "nope" ? 1 : 0,
        watch: what === "view" ? Math.max(before.watch, watchFraction[e]! || 0) : before.watch,
      });
    }
    return met;
  });
}

function figuresOf({ found, likes }: Nearest, formula: ValueFormula): Figures {
  const weighed = Object.entries({ similarity: 1, ...formula }) as [ValuePart, number][];
  const shown = found
    .map(({ parts, outcome }) => ({
      outcome,
      value: weighed.reduce((sum, [part, weight]) => sum + weight * (parts[part] ?? 0), 0),
    }))
    .sort((a, b) => b.value - a.value)
    .slice(0, limit);
  let [gain, ideal] = [0, 0];
  for (const [place, { outcome }] of shown.entries()) {
    const discount = 1 / Math.log2(place + 2);
    if (outcome?.like === 1) gain += discount;
    if (place < likes) ideal += discount;
  }
  const sum = (task: keyof Outcome): number =>
    shown.reduce((total, { outcome }) => total + (outcome?.[task] ?? 0), 0);
  return { ndcg: gain / ideal, liked: sum("like"), refused: sum("nope"), watched: sum("watch") };
}

function* formulas(): Generator<ValueFormula> {
  for (const like of weights)
    for (const watch of weights) for (const nope of weights) yield { like, watch, nope: -nope };
}

/** Means on validation; on test also how far each row is from the first, with the interval. */
function summarise(
  rows: ReadonlyMap<string, { readonly validation: readonly Measured[]; readonly test: readonly Measured[] }>,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const [first] = rows.values();
  return Object.fromEntries(
    [...rows].map(([row, { validation, test }]) => {
      const onTest = figures.map((figure) => {
        const difference = interval(
          test.map((of, at) => ({ person: of.person, value: of[figure] - first!.test[at]![figure] })),
        );
        return [figure, [mean(test.map((of) => of[figure])), ...difference].map(round)] as const;
      });
      const chosenBy = Object.entries(aims).map(
        ([aim, worth]) => [`validation ${aim}`, round(mean(validation.map(worth)))] as const,
      );
      return [row, Object.fromEntries([...chosenBy, ...onTest])];
    }),
  );
}

/** Mean, and the percentiles 2.5 and 97.5 of 1,000 resamples of people: all seeds of one are drawn together. */
function interval(
  values: readonly { readonly person: number; readonly value: number }[],
): readonly [number, number, number] {
  const random = createRandom(1).fork("people");
  const people = [...Map.groupBy(values, ({ person }) => person).values()].map((own) => ({
    sum: own.reduce((sum, { value }) => sum + value, 0),
    count: own.length,
  }));
  const means = Array.from({ length: 1000 }, () => {
    let [sum, count] = [0, 0];
    for (let draw = 0; draw < people.length; draw++) {
      const drawn = people[random.integer(people.length)]!;
      sum += drawn.sum;
      count += drawn.count;
    }
    return sum / count;
  }).sort((a, b) => a - b);
  return [mean(values.map(({ value }) => value)), means[25]!, means[974]!];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
