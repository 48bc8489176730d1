/** A figure to reach: a number, or so many times the best of some baselines in the same run. */
export type Bar = number | { readonly times: number; readonly best: readonly string[] };

/** One metric of a row, with what it must reach and what it should. */
export interface Target {
  readonly metric: string;
  /** Which model of the run. @default the first, the towers */
  readonly model?: string;
  readonly must: Bar;
  readonly aim: Bar;
}

/** One line of the table: a question that one command answers. */
export interface QualityRow {
  readonly name: string;
  readonly title: string;
  /** Commands that lay out data first, without `futago`; they are not measured. */
  readonly prepare?: readonly (readonly string[])[];
  /** What is measured, without `futago`. `{data}` stands for the folder that holds MovieLens, `{home}` for an empty one. */
  readonly command: readonly string[];
  readonly targets: readonly Target[];
}

const strongBaselines = ["ease", "ials"];
const best = (times: number): Bar => ({ times, best: strongBaselines });

/** Everything that docs/quality.md shows, in its order. */
export const qualityRows: readonly QualityRow[] = [
  {
    name: "strong",
    title: "MovieLens-1M, new viewers",
    command: [
      ...["evaluate", "--movielens", "{data}/ml-1m", "--protocol", "strong", "--seeds", "42,1,2"],
      ...["--baselines", "popularity,ease,ials", "--tune-baselines"],
      ...["--history-lengths", "0,1,2,5,10,20", "--json"],
    ],
    targets: [
      { metric: "ndcg@10", must: best(1), aim: best(1.03) },
      { metric: "ndcg@100", must: best(1), aim: best(1.03) },
    ],
  },
  {
    name: "last",
    title: "MovieLens-1M, the next film",
    command: [
      ...[
        "evaluate",
        "--movielens",
        "{data}/ml-1m",
        "--order",
        "{data}/ml-1m/order.csv",
        "--protocol",
        "last",
      ],
      ...["--preset", "sequence", "--seeds", "42", "--baselines", "popularity,item-knn,ease,ials", "--json"],
    ],
    targets: [
      { metric: "hr@10", must: 0.28, aim: 0.316 },
      { metric: "ndcg@10", must: 0.155, aim: 0.186 },
    ],
  },
  {
    name: "random",
    title: "MovieLens-1M, known viewers, ratings from 3, 64 dimensions",
    command: [
      ...["evaluate", "--movielens", "{data}/ml-1m", "--protocol", "random", "--min-rating", "3"],
      ...["--min-item-events", "1", "--embedding-dim", "64", "--seeds", "42"],
      ...["--baselines", "popularity,ease,ials", "--tune-baselines", "--json"],
    ],
    targets: [{ metric: "ndcg@10", must: 0.254, aim: 0.275 }],
  },
  {
    name: "cold",
    title: "MovieLens-1M, new films",
    command: [
      ...["evaluate", "--movielens", "{data}/ml-1m", "--protocol", "cold", "--seeds", "42,1,2", "--json"],
    ],
    targets: [
      {
        metric: "ndcg@10",
        must: { times: 1.2, best: ["content-knn"] },
        aim: { times: 2, best: ["content-knn"] },
      },
    ],
  },
  {
    name: "demo",
    title: "The demo catalogue, new viewers",
    prepare: [["import", "demo", "--home", "{home}"]],
    command: [
      ...["evaluate", "--home", "{home}", "--protocol", "strong", "--seeds", "42,1,2"],
      ...["--baselines", "popularity,content-knn,ease,ials", "--tune-baselines", "--json"],
    ],
    targets: [
      {
        metric: "ndcg@10",
        must: { times: 1, best: ["ease", "ials"] },
        aim: { times: 1.03, best: ["ease", "ials"] },
      },
    ],
  },
  {
    name: "wide",
    title: "The demo catalogue, known viewers, with towers that show more of it",
    prepare: [["import", "demo", "--home", "{home}"]],
    command: [
      ...["evaluate", "--home", "{home}", "--protocol", "random", "--test-share", "0.25"],
      ...["--settings", "tools/quality/wide.json", "--seeds", "42,1,2"],
      ...["--baselines", "popularity,ease", "--diversity", "0.1,0.3,0.5,0.7", "--json"],
    ],
    targets: [
      { metric: "precision@10", must: 0.15, aim: 0.15 },
      { metric: "recall@50", must: 0.3, aim: 0.3 },
      { metric: "ndcg@10", must: 0.2, aim: 0.2 },
      { metric: "coverage@50", must: 0.7, aim: 0.7 },
      {
        metric: "ndcg@10",
        model: "two-tower, diversity 0.3",
        must: { times: 0.98, best: ["two-tower"] },
        aim: { times: 0.98, best: ["two-tower"] },
      },
    ],
  },
  {
    name: "small",
    title: "MovieLens latest small, new viewers, the defaults",
    command: [
      ...[
        "evaluate",
        "--movielens",
        "{data}/ml-latest-small",
        "--protocol",
        "strong",
        "--seeds",
        "42,1,2,3,4",
      ],
      ...["--baselines", "popularity,ease,ials", "--tune-baselines", "--json"],
    ],
    targets: [
      { metric: "ndcg@10", must: best(1), aim: best(1.03) },
      { metric: "ndcg@100", must: best(1), aim: best(1.03) },
    ],
  },
];
