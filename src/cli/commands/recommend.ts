import { Command, Option } from "commander";
import { type ReasonLanguage, reasonLanguages } from "../../recommend/mod.ts";
import { reasonBody } from "../../service/mod.ts";
import { action, withSharedOptions } from "../context.ts";
import { realNumber, wholeNumber, wordList } from "../option-values.ts";
import { tableOf } from "../table.ts";
import { titlesOf } from "../titles.ts";
import { withEngine } from "../with-engine.ts";

interface Options {
  readonly limit: number;
  readonly candidates?: string[];
  readonly exclude?: string[];
  readonly diversity?: number;
  readonly maxPerMaker?: number;
  readonly maxPerPerformer?: number;
  readonly explain?: true;
  readonly lang: ReasonLanguage;
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
    .option("--explain", "say why; then at most 100")
    .addOption(new Option("--lang <name>", "the language of reasons").choices(reasonLanguages).default("en"))
    .addHelpText(
      "after",
      "\nExamples:\n  futago recommend viewer-0001\n  futago recommend viewer-0001 --explain --lang ja\n  futago recommend viewer-0001 --diversity 0.3 --max-per-maker 2\n  futago recommend viewer-0001 --candidates video-00001,video-00002 --json",
    );
  return withSharedOptions(command).action(
    action<Options>(async (context, options, [viewer]) =>
      withEngine(context, async (engine, { database }) => {
        const { limit, candidates, exclude, diversity, maxPerMaker, maxPerPerformer, explain, lang } =
          options;
        const answer = await engine.recommend(viewer!, {
          limit,
          ...(candidates === undefined ? {} : { candidates }),
          ...(exclude === undefined ? {} : { exclude }),
          ...(diversity === undefined ? {} : { diversity }),
          caps: {
            ...(maxPerMaker === undefined ? {} : { maker: maxPerMaker }),
            ...(maxPerPerformer === undefined ? {} : { performers: maxPerPerformer }),
          },
          ...(explain ? { explain: lang } : {}),
        });
        const { recommendations, modelVersion, source } = answer;
        const titles = await titlesOf(
          database.catalogue,
          recommendations.map(({ itemId }) => itemId),
        );
        const valued = recommendations.some(({ value }) => value !== undefined);
        const rows = recommendations.map(({ rank, itemId, score, value, reasons }) => [
          rank,
          score.toFixed(3),
          ...(valued ? [value?.toFixed(3) ?? ""] : []),
          itemId,
          titles.get(itemId) ?? "",
          ...(explain ? [reasons?.[0]?.text ?? ""] : []),
        ]);
        const heading = [
          "#",
          "score",
          ...(valued ? ["value"] : []),
          "video",
          "title",
          ...(explain ? ["why"] : []),
        ];
        for (const line of tableOf([heading, ...rows])) context.say(line);
        context.say(`From ${source}, version ${modelVersion ?? "none"}`);
        context.result({
          recommendations: recommendations.map(({ itemId, score, rank, value, explored, reasons }) => ({
            video_id: itemId,
            score,
            rank,
            ...(value === undefined ? {} : { value }),
            ...(explored === undefined ? {} : { explored }),
            ...(reasons === undefined ? {} : { reasons: reasons.map(reasonBody) }),
          })),
          model_version: modelVersion,
          source,
        });
      }),
    ),
  );
}
