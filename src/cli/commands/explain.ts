import { Command, Option } from "commander";
import {
  type Explanation,
  type Obstacle,
  type ReasonLanguage,
  reasonLanguages,
} from "../../recommend/mod.ts";
import { explanationBody } from "../../service/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { wholeNumber, wordList } from "../option-values.ts";
import { tableOf } from "../table.ts";
import { withEngine } from "../with-engine.ts";

interface Options {
  readonly person: string;
  readonly video: string;
  readonly whyNot?: true;
  readonly limit: number;
  readonly exclude?: string[];
  readonly lang: ReasonLanguage;
}

const words: Readonly<Record<Obstacle, string>> = {
  not_in_catalogue: "it is not in the catalogue",
  withdrawn: "it was taken down",
  blocked_maker: "the viewer blocked its maker",
  blocked_performer: "the viewer blocked one of its performers",
  liked: "the viewer liked it already",
  refused: "the viewer refused it",
  watched: "the viewer watched it",
  excluded: "--exclude names it",
  genre_filter: "the filter asks for other genres",
  price_filter: "the filter asks for another price",
  maker_filter: "the filter leaves its maker out",
  performer_filter: "the filter leaves one of its performers out",
  no_vector: "it has no vector under this version yet: run futago embed",
  below_limit: "others stand before it",
  value: "others are worth more by the formula",
  variety: "it gave way to variety",
};

/**
 * `futago explain`.
 *
 * @returns The command.
 */
export function explainCommand(): Command {
  const command = new Command("explain")
    .description("Why a viewer is recommended a video: what moved its score; or why not")
    .requiredOption("--person <id>", "the viewer")
    .requiredOption("--video <id>", "the video")
    .option("--why-not", "only its place and what keeps it out")
    .option("--limit <n>", "of the answer in question, 1-1000", wholeNumber({ min: 1, max: 1000 }), 20)
    .option("--exclude <ids>", "videos that the answer leaves out", wordList)
    .addOption(new Option("--lang <name>", "the language of reasons").choices(reasonLanguages).default("en"))
    .addHelpText(
      "after",
      "\nExamples:\n  futago explain --person viewer-0001 --video video-00042\n  futago explain --person viewer-0001 --video video-00042 --why-not --limit 50 --json",
    );
  return withSharedOptions(command).action(
    action<Options>((context, { person, video, whyNot, limit, exclude, lang }) =>
      withEngine(context, async (engine) => {
        const told = await engine.explain(person, video, {
          limit,
          lang,
          ...(exclude === undefined ? {} : { exclude }),
        });
        sayPlace(context, told, limit);
        if (whyNot !== true) sayReasons(context, told);
        const { reasons, rest, features, ...place } = explanationBody(told);
        context.result(whyNot === true ? place : { ...place, reasons, rest, features });
      }),
    ),
  );
}

function sayPlace({ say }: CliContext, told: Explanation, limit: number): void {
  const { source, modelVersion, shown, score, rank, value, obstacles } = told;
  const place = rank === null ? "no place" : `place ${rank}`;
  say(
    `${place}, score ${score === null ? "none" : score.toFixed(4)}; from ${source}, version ${modelVersion ?? "none"}`,
  );
  if (value !== undefined) {
    const parts = Object.entries(value.parts).map(([name, part]) => `${name} ${part.toFixed(4)}`);
    say(`Worth ${value.total.toFixed(4)} by the formula: ${parts.join(", ")}`);
  }
  say(shown ? `Among the ${limit} that the viewer gets` : "The viewer does not get it:");
  for (const obstacle of obstacles) say(`  ${obstacle}: ${words[obstacle]}`);
}

function sayReasons({ say }: CliContext, { reasons, rest, features }: Explanation): void {
  if (reasons === undefined) return;
  const rows = reasons.map(({ contribution, share, text }) => [
    contribution.toFixed(4),
    `${Math.round(100 * share)} %`,
    text,
  ]);
  for (const line of tableOf([["score", "share", "reason"], ...rows])) say(line);
  say(`${rest?.toFixed(4)} of the score is named by none`);
  const named = Object.entries(features ?? {}).toSorted(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const parts = named.slice(0, 8).map(([name, amount]) => `${name} ${amount.toFixed(4)}`);
  if (parts.length > 0) say(`By feature: ${parts.join(", ")}`);
}
