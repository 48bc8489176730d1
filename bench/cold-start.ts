import type { Item, Taste } from "../src/catalogue/mod.ts";
import {
  type EvaluationSet,
  fitEase,
  fitPopularity,
  interactionsOf,
  type Scorer,
} from "../src/evaluation/mod.ts";
import { newestEvents, tasteFields, valuesOf, videoSchema } from "../src/features/mod.ts";
import { createRuntimeProduct } from "../src/onnx/mod.ts";
import type { BenchmarkOptions } from "./benchmark.ts";
import { trainOnDemo } from "./demo-towers.ts";

/** Shown in the list of benchmarks. */
export const about =
  "NDCG@10 of demo viewers by how much they have liked, with and without a declared taste; --share";

const lengths = [0, 1, 2, 5, 10, 20];
/** Values of each field that a viewer declares. */
const declaredValues = 3;

/**
 * Trains on the demo catalogue, and recommends to viewers it was not trained on as if their last few likes were all there is:
 * beside popularity, popularity within what they declare, and EASE.
 *
 * @param options Arguments and log; `--share` is `newViewerShare` of training, `--preset` lite or standard.
 * @returns NDCG@10 of validation viewers by which the share was chosen, and of test viewers.
 */
export async function run({ args, log }: BenchmarkOptions): Promise<Readonly<Record<string, unknown>>> {
  const share = args.includes("--share") ? Number(args[args.indexOf("--share") + 1]) : undefined;
  const demo = await trainOnDemo({
    schema: videoSchema,
    towers: { preset: args.includes("standard") ? "standard" : "lite" },
    ...(share === undefined ? {} : { training: { newViewerShare: share } }),
  });
  const { split, runtime, model, scorer, parts, ndcg } = demo;
  const interactions = interactionsOf(split.train);
  const popularity = fitPopularity(interactions);
  const product = await createRuntimeProduct(runtime);
  const ease = await fitEase(interactions, { product, validation: split.validation });
  const table: Record<string, Record<string, number>> = {};
  for (const [part, set] of Object.entries(parts)) {
    for (const length of lengths) {
      const plain = shortened(set, { length });
      const said = shortened(set, { length, items: split.items });
      const row = {
        popularity: await ndcg(popularity, plain),
        popularityInTaste: await ndcg(inTaste(popularity, split.items), said),
        ease: await ndcg(ease, plain),
        towers: await ndcg(scorer, plain),
        towersAndTaste: await ndcg(scorer, said),
      };
      table[`${part} ${length}`] = row;
      log(`${part} ${length}: ${JSON.stringify(row)}`);
    }
  }
  await product.close();
  await demo.close();
  return { newViewerShare: model.trainingConfig.newViewerShare, linear: model.linear, table };
}

/** The last few events of each viewer; with `items`, a taste that all of their given likes tell. */
function shortened(
  set: EvaluationSet,
  { length, items }: { readonly length: number; readonly items?: readonly Item[] },
): EvaluationSet {
  const given = newestEvents(set.given, length);
  if (items === undefined) return { ...set, given };
  const fields = given.fields.map((own, user) => {
    const liked = set.given.item.subarray(set.given.offsets[user]!, set.given.offsets[user + 1]!);
    return { ...own, taste: tasteOf(Array.from(liked, (item) => items[item]!)) };
  });
  return { ...set, given: { ...given, fields } };
}

function tasteOf(liked: readonly Item[]): Taste {
  return Object.fromEntries(
    tasteFields(videoSchema).map((field) => {
      const counts = new Map<string, number>();
      for (const value of liked.flatMap((item) => valuesOf(item, field))) {
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      const best = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
      return [field, best.slice(0, declaredValues).map(([value]) => value)];
    }),
  );
}

/** Popularity times one more than the fields that match what was declared, as the engine does without towers. */
function inTaste(popularity: Scorer, items: readonly Item[]): Scorer {
  return {
    name: "popularity in taste",
    score: async (histories) => {
      const scores = await popularity.score(histories);
      for (const [user, fields] of histories.fields.entries()) {
        const taste = Object.entries(fields["taste"] as Taste);
        for (const [i, item] of items.entries()) {
          const matched = taste.filter(([field, said]) =>
            valuesOf(item, field).some((v) => said.includes(v)),
          );
          scores[user * items.length + i]! *= 1 + matched.length;
        }
      }
      return scores;
    },
  };
}
