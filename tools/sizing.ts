import { readFileSync, writeFileSync } from "node:fs";

// Writes the tables of docs/guides/sizing.md and its Japanese twin from docs/guides/sizing.json, where the measured figures
// stand. `--check` changes nothing and ends with 1 where they do not agree.
//   node tools/sizing.ts [--check]

/** What was measured, and by which command: docs/guides/sizing.md says so. */
export interface SizingMeasurements {
  readonly videoBytes: number;
  readonly viewerBytes: number;
  readonly eventBytes: number;
  /** Of a 768-d halfvec with its row. */
  readonly videoVectorBytes: number;
  readonly videoIndexBytes: number;
  readonly viewerVectorBytes: number;
  /** Of two cores, database included, for one answer. */
  readonly answerMs: number;
  /** Embedded, stored and indexed. */
  readonly embedMsPerVideo: number;
  readonly trainingSecondsPer100kEvents: number;
}

/** `docs/guides/sizing.json`. */
export interface SizingInput {
  readonly measured: SizingMeasurements;
  readonly assumed: {
    readonly eventsPerViewer: number;
    readonly requestsPerViewerAndDay: number;
    readonly peakToMean: number;
    /** The active version and the one to go back to. */
    readonly versionsWithVectors: number;
  };
  /** Dollars a month, as the provider lists them. */
  readonly prices: {
    readonly asOf: string;
    readonly plan: number;
    readonly computeCredit: number;
    readonly databaseGbIncluded: number;
    readonly databaseGb: number;
    readonly invocationsIncluded: number;
    readonly millionInvocations: number;
    readonly compute: readonly { readonly name: string; readonly gb: number; readonly dollars: number }[];
  };
}

/** What a catalogue of a size and its viewers take. */
export interface Sizing {
  readonly databaseBytes: number;
  /** What should stay in memory: the index and vectors of the active version. */
  readonly hotBytes: number;
  readonly peakPerSecond: number;
  /** Answers a second that two cores give. */
  readonly capacityPerSecond: number;
  readonly embedSeconds: number;
  readonly trainingSeconds: number;
  /** The smallest compute size that holds what is hot; undefined where none on the list does. */
  readonly compute: string | undefined;
  readonly dollarsPerMonth: number | undefined;
}

/**
 * The formulae of docs/guides/sizing.md.
 *
 * @param input Measurements, assumptions and prices.
 * @param size How many videos and viewers.
 * @returns What they take.
 */
export function sizeOf(
  { measured: m, assumed: a, prices }: SizingInput,
  { videos, viewers }: { readonly videos: number; readonly viewers: number },
): Sizing {
  const versions = a.versionsWithVectors;
  const databaseBytes =
    videos * (m.videoBytes + versions * (m.videoVectorBytes + m.videoIndexBytes)) +
    viewers * (m.viewerBytes + a.eventsPerViewer * m.eventBytes + versions * m.viewerVectorBytes);
  const hotBytes = videos * (m.videoVectorBytes + m.videoIndexBytes);
  const requestsPerDay = viewers * a.requestsPerViewerAndDay;
  // A quarter of the memory is Postgres's buffers, and as much again the system's cache.
  const compute = prices.compute.find(({ gb }) => hotBytes <= (gb * 1e9) / 2);
  const disk = Math.max(0, databaseBytes / 1e9 - prices.databaseGbIncluded) * prices.databaseGb;
  const invocations = Math.max(0, 30 * requestsPerDay - prices.invocationsIncluded) / 1e6;
  return {
    databaseBytes,
    hotBytes,
    peakPerSecond: (requestsPerDay / 86_400) * a.peakToMean,
    capacityPerSecond: 1000 / m.answerMs,
    embedSeconds: (videos * m.embedMsPerVideo) / 1000,
    trainingSeconds: ((viewers * a.eventsPerViewer) / 100_000) * m.trainingSecondsPer100kEvents,
    compute: compute?.name,
    dollarsPerMonth:
      compute === undefined
        ? undefined
        : prices.plan -
          prices.computeCredit +
          compute.dollars +
          disk +
          invocations * prices.millionInvocations,
  };
}

const words = {
  en: {
    measured: ["measured", ""],
    names: {
      videoBytes: "a video with performers, tags, popularity and indexes, bytes",
      viewerBytes: "a viewer's profile, bytes",
      eventBytes: "a like, nope or view with indexes, bytes",
      videoVectorBytes: "a video's vector, 768-d, bytes",
      videoIndexBytes: "its place in the HNSW index, bytes",
      viewerVectorBytes: "a viewer's vector with its index, bytes",
      answerMs: "an answer, of two cores with the database, ms",
      embedMsPerVideo: "embedding, storing and indexing a video, ms",
      trainingSecondsPer100kEvents: "training, 100,000 events, s",
    },
    computed: [
      "videos",
      "viewers",
      "database",
      "kept in memory",
      "peak, req/s",
      "two cores give",
      "a new version embedded",
      "trained",
    ],
    dollars: ["videos", "viewers", "Supabase compute", "dollars a month"],
    none: "beyond the list",
  },
  ja: {
    measured: ["実測項目", ""],
    names: {
      videoBytes: "動画 1 本（出演者、タグ、人気度、インデックスを含む）、バイト",
      viewerBytes: "視聴者 1 人のプロフィール、バイト",
      eventBytes: "いいね・スキップ・視聴 1 件（インデックスを含む）、バイト",
      videoVectorBytes: "動画 1 本のベクトル（768 次元）、バイト",
      videoIndexBytes: "同 HNSW インデックス、バイト",
      viewerVectorBytes: "視聴者 1 人のベクトル（インデックスを含む）、バイト",
      answerMs: "応答 1 回（2 コア、データベースを含む）、ms",
      embedMsPerVideo: "動画 1 本の埋め込み・保存・索引付け、ms",
      trainingSecondsPer100kEvents: "学習（イベント 10 万件）、秒",
    },
    computed: [
      "動画",
      "視聴者",
      "データベース",
      "メモリに載せたい量",
      "ピーク req/s",
      "2 コアの処理能力",
      "新しい版の埋め込み",
      "学習",
    ],
    dollars: ["動画", "視聴者", "Supabase のコンピュート", "ドル／月"],
    none: "一覧の範囲外",
  },
} as const;

const sizes = [
  { videos: 10_000, viewers: 10_000 },
  { videos: 100_000, viewers: 10_000 },
  { videos: 100_000, viewers: 100_000 },
  { videos: 1_000_000, viewers: 100_000 },
  { videos: 1_000_000, viewers: 1_000_000 },
];

/**
 * The tables of the guide, as Markdown.
 *
 * @param input Measurements, assumptions and prices.
 * @param language Of the headings.
 * @returns Tables by the name of their place.
 */
export function sizingTables(input: SizingInput, language: "en" | "ja"): Record<string, string> {
  const { measured, names, computed, dollars, none } = words[language];
  const count = (value: number): string => value.toLocaleString("en-US");
  const rows = sizes.map((size) => ({ size, is: sizeOf(input, size) }));
  return {
    measured: table(
      measured,
      Object.entries(names).map(([name, text]) => [
        text,
        count(input.measured[name as keyof SizingMeasurements]),
      ]),
    ),
    computed: table(
      computed,
      rows.map(({ size, is }) => [
        count(size.videos),
        count(size.viewers),
        gigabytes(is.databaseBytes),
        gigabytes(is.hotBytes),
        is.peakPerSecond.toFixed(is.peakPerSecond < 10 ? 1 : 0),
        `${is.capacityPerSecond.toFixed(0)} req/s`,
        time(is.embedSeconds),
        time(is.trainingSeconds),
      ]),
    ),
    dollars: table(
      dollars,
      rows.map(({ size, is }) => [
        count(size.videos),
        count(size.viewers),
        is.compute ?? none,
        is.dollarsPerMonth === undefined ? "–" : is.dollarsPerMonth.toFixed(0),
      ]),
    ),
  };
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(heading), `|${"---|".repeat(heading.length)}`, ...rows.map(line)].join("\n");
}

function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function time(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(0)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

if (import.meta.main) {
  const input = JSON.parse(readFileSync("docs/guides/sizing.json", "utf8")) as SizingInput;
  for (const [path, language] of [
    ["docs/guides/sizing.md", "en"],
    ["docs/ja/guides/sizing.md", "ja"],
  ] as const) {
    const text = readFileSync(path, "utf8");
    const written = Object.entries(sizingTables(input, language)).reduce(
      (page, [name, tableText]) =>
        page.replace(
          new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`),
          (_, before: string, after: string) => `${before}${tableText}\n${after}`,
        ),
      text,
    );
    if (written === text) continue;
    if (process.argv.includes("--check")) {
      console.error(
        `Cannot trust ${path} as its tables must be those of docs/guides/sizing.json: run node tools/sizing.ts`,
      );
      process.exitCode = 1;
    } else writeFileSync(path, written);
  }
}
