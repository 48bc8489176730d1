import { Command } from "commander";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { createInferenceEngine, varietyFromEnv } from "../../recommend/mod.ts";
import { action, withSharedOptions } from "../context.ts";
import { withStores } from "../open-stores.ts";
import { realNumber, wholeNumber, wordList } from "../option-values.ts";
import { tableOf } from "../table.ts";
import { titlesOf } from "../titles.ts";

interface Options {
  readonly limit: number;
  readonly candidates?: string[];
  readonly exclude?: string[];
  readonly diversity?: number;
  readonly maxPerMaker?: number;
  readonly maxPerPerformer?: number;
}

/**
 * `futago recommend`.
 *
 * @returns The command.
 */
export function recommendCommand(): Command {
  const command = new Command("recommend")
    .description("What a viewer will like, from the active model")
    .argument("<viewer>", "the viewer's id")
    .option("--limit <n>", "how many, 1-1000", wholeNumber({ min: 1, max: 1000 }), 10)
    .option("--candidates <ids>", "rank these videos instead of the whole catalogue", wordList)
    .option("--exclude <ids>", "leave these videos out", wordList)
    .option(
      "--diversity <share>",
      "0: the best; 1: the most different among them",
      realNumber({ min: 0, max: 1 }),
    )
    .option("--max-per-maker <n>", "at most so many videos of one maker", wholeNumber({ min: 1 }))
    .option("--max-per-performer <n>", "at most so many videos of one performer", wholeNumber({ min: 1 }))
    .addHelpText(
      "after",
      "\nExamples:\n  futago recommend viewer-0001\n  futago recommend viewer-0001 --diversity 0.3 --max-per-maker 2\n  futago recommend viewer-0001 --candidates video-00001,video-00002 --json",
    );
  return withSharedOptions(command).action(
    action<Options>(async (context, options, [viewer]) =>
      withStores(context, async ({ database, blobs }) => {
        const { catalogue: store, vectors, versions } = database;
        const { limit, candidates, exclude, diversity, maxPerMaker, maxPerPerformer } = options;
        const runtime = await createOrtRuntime();
        const onFallback = ({ version, message }: { version: string; message: string }) =>
          context.say(`Version ${version} cannot be used: ${message}`);
        const engine = createInferenceEngine({
          store,
          vectors,
          versions,
          blobs,
          runtime,
          clock: Date,
          variety: varietyFromEnv(context.env),
          onFallback,
        });
        try {
          const answer = await engine.recommend(viewer!, {
            limit,
            ...(candidates === undefined ? {} : { candidates }),
            ...(exclude === undefined ? {} : { exclude }),
            ...(diversity === undefined ? {} : { diversity }),
            caps: {
              ...(maxPerMaker === undefined ? {} : { maker: maxPerMaker }),
              ...(maxPerPerformer === undefined ? {} : { performers: maxPerPerformer }),
            },
          });
          const { recommendations, modelVersion, source } = answer;
          const titles = await titlesOf(
            store,
            recommendations.map(({ itemId }) => itemId),
          );
          const rows = recommendations.map(({ rank, itemId, score }) => [
            rank,
            score.toFixed(3),
            itemId,
            titles.get(itemId) ?? "",
          ]);
          for (const line of tableOf([["#", "score", "video", "title"], ...rows])) context.say(line);
          context.say(`From ${source}, version ${modelVersion ?? "none"}`);
          context.result({
            recommendations: recommendations.map(({ itemId, score, rank }) => ({
              video_id: itemId,
              score,
              rank,
            })),
            model_version: modelVersion,
            source,
          });
        } finally {
          await engine.close();
        }
      }),
    ),
  );
}
