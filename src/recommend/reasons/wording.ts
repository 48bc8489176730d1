import type { Reason } from "./reasons.ts";

/** Languages that reasons are put into. */
export const reasonLanguages = ["en", "ja"] as const;

/** A language that reasons are put into. */
export type ReasonLanguage = (typeof reasonLanguages)[number];

/** Fields in which two items may be alike, as a reader calls them. */
const likeness = {
  series: { en: "same series", ja: "同じシリーズ" },
  performers: { en: "same performer", ja: "同じ出演者" },
  maker: { en: "same maker", ja: "同じメーカー" },
  genres: { en: "same genre", ja: "同じジャンル" },
  tags: { en: "same tag", ja: "同じタグ" },
} as const;

/** A field in which two items may be alike. */
export type SharedField = keyof typeof likeness;

/** The fields that are compared, the most telling first. */
export const sharedFields = Object.keys(likeness) as readonly SharedField[];

/** By kind of reason: what speaks for an item, and what against it; `{}` is the title of the item of the past. */
const sentences: Readonly<
  Record<ReasonLanguage, Readonly<Record<Reason["kind"], readonly [string, string]>>>
> = {
  en: {
    liked: ["Because you liked “{}”", "Although you liked “{}”"],
    watched: ["Because you watched “{}”", "Although you watched “{}”"],
    refused: ["Because you refused “{}”", "Although you refused “{}”"],
    taste: ["Because of what you said you like", "Although you said you like this"],
    profile: ["Because it suits your profile", "Although it does not suit your profile"],
    habits: [
      "Because it suits when and how much you watch",
      "Although it does not suit when and how much you watch",
    ],
    popularity: ["Because other viewers like it", "Although fewer viewers like it"],
  },
  ja: {
    liked: ["「{}」を高く評価したため", "「{}」を高く評価しているものの"],
    watched: ["「{}」を視聴したため", "「{}」を視聴しているものの"],
    refused: ["「{}」を見送ったため", "「{}」を見送っているものの"],
    taste: ["好みとして選んだものに合うため", "好みとして選んだものに合うものの"],
    profile: ["プロフィールに合うため", "プロフィールには合わないものの"],
    habits: ["視聴の時間帯や頻度に合うため", "視聴の時間帯や頻度には合わないものの"],
    popularity: ["ほかの視聴者に人気のため", "ほかの視聴者の人気は控えめなものの"],
  },
};

/**
 * A reason in words that a viewer can read.
 *
 * @param reason Without its words.
 * @param options The language, and the title of the item that it names.
 * @returns A sentence without its full stop.
 */
export function sentenceOf(
  reason: Omit<Reason, "text">,
  { lang, title = "" }: { readonly lang: ReasonLanguage; readonly title?: string },
): string {
  const [because, although] = sentences[lang][reason.kind];
  // As a function: a title may hold what replace() would take for a pattern.
  const sentence = (reason.contribution < 0 ? although : because).replace("{}", () => title);
  const shared = (reason.shared ?? []).map(({ field, value }) =>
    lang === "ja" ? `${likeness[field].ja}: ${value}` : `${likeness[field].en} (${value})`,
  );
  if (shared.length === 0) return sentence;
  return lang === "ja" ? `${sentence}（${shared.join("、")}）` : `${sentence}: ${shared.join(", ")}`;
}
