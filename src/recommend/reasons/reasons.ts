import type { Blocks, Item, PersonHistory } from "../../catalogue/mod.ts";
import { mayShow } from "../shown-items.ts";
import { namesIn } from "../variety.ts";
import type { Cause, Contribution, ScoreCauses } from "./contributions.ts";
import { type ReasonLanguage, type SharedField, sentenceOf, sharedFields } from "./wording.ts";

/** One reason for a score. */
export interface Reason {
  /** What the viewer did with an item, said they like, what else is known of them, or the item's own popularity. */
  readonly kind: "liked" | "watched" | "refused" | "taste" | "profile" | "habits" | "popularity";
  /** The item of the past that it names. */
  readonly itemId?: string;
  /** What that item, or the taste, and the recommended item have in common, the most telling first. */
  readonly shared?: readonly { readonly field: SharedField; readonly value: string }[];
  /** How much of the score it makes; below 0 it speaks against the item. */
  readonly contribution: number;
  /** The same as a share of all that speaks for the item, named or not. */
  readonly share: number;
  /** In words: “Because you liked “Harbour at dawn”: same maker (Northlight)”. */
  readonly text: string;
}

/** What reasons are made from, besides a score's causes. */
export interface ReasonContext {
  readonly history: PersonHistory;
  readonly blocks: Blocks | undefined;
  readonly lang: ReasonLanguage;
}

/** Options of {@link reasonsFor}. */
export interface ReasonOptions {
  /** How many at most. */
  readonly most: number;
  /** Whether what speaks against the item is told, too. */
  readonly against: boolean;
}

/** Things in common that one reason names at most. */
const mostShared = 2;

/**
 * The reasons for a score in words. Nothing names an item that was taken down or that is of a maker or performer the viewer
 * blocked: what it moved stays in the score, unnamed.
 *
 * @param item The scored item; undefined where nothing is known of it.
 * @param causes What moved its score.
 * @param options What the viewer did and blocked, the language, how many.
 * @returns The heaviest first.
 */
export function reasonsFor(
  item: Item | undefined,
  causes: ScoreCauses,
  options: ReasonContext & ReasonOptions,
): readonly Reason[] {
  const { history, lang, most, against } = options;
  const blocks = options.blocks && { blocks: options.blocks };
  const total = causes.contributions.reduce((sum, { amount }) => sum + Math.max(0, amount), 0);
  const reasons: Reason[] = [];
  const heaviest = onceEach(causes.contributions).toSorted((a, b) => Math.abs(b.amount) - Math.abs(a.amount));
  for (const contribution of heaviest) {
    const { cause, amount } = contribution;
    if (reasons.length === most) break;
    if (amount === 0 || (amount < 0 && !against)) continue;
    // What is not known moves a score, too, but is no reason to give to a viewer.
    if (!against && cause.kind === "habits" && history.events.length === 0) continue;
    if (!against && cause.kind === "profile" && Object.keys(history.person.fields).length === 0) continue;
    const facts = { contribution: amount, share: total > 0 ? amount / total : 0 };
    if (cause.kind === "taste") {
      // Named where the item has it: what is taken down or blocked is on no item that is shown.
      const named = sharedFields.find((field) => field === cause.field);
      if (named === undefined || !namesIn(item?.fields ?? {}, named).includes(cause.value)) continue;
      const reason = { kind: cause.kind, shared: [{ field: named, value: cause.value }], ...facts };
      reasons.push({ ...reason, text: sentenceOf(reason, { lang }) });
      continue;
    }
    if (cause.kind !== "item") {
      const reason = { kind: cause.kind, ...facts };
      reasons.push({ ...reason, text: sentenceOf(reason, { lang }) });
      continue;
    }
    const past = history.items.get(cause.itemId);
    const kind = past && deedOn(past.id, history);
    if (past === undefined || kind === undefined || !mayShow(past, { ...blocks })) continue;
    // “Because you refused …” helps nobody who did not ask what speaks for and against.
    if (kind === "refused" && !against) continue;
    const shared = item === undefined ? [] : sharedBy(past, item).slice(0, mostShared);
    const reason = { kind, itemId: past.id, ...(shared.length > 0 && { shared }), ...facts };
    reasons.push({ ...reason, text: sentenceOf(reason, { lang, title: past.title }) });
  }
  return reasons;
}

/** What several features of a kind contribute, as one: they are told by the same words. */
function onceEach(contributions: readonly Contribution[]): readonly Contribution[] {
  const named = contributions.filter(({ cause }) => cause.kind === "item" || cause.kind === "taste");
  const sums = new Map<Cause["kind"], Contribution>();
  for (const { cause, amount } of contributions) {
    if (cause.kind === "item" || cause.kind === "taste") continue;
    sums.set(cause.kind, { cause, amount: amount + (sums.get(cause.kind)?.amount ?? 0) });
  }
  return [...named, ...sums.values()];
}

/** What a viewer last decided about an item; a view only where they never decided. */
function deedOn(itemId: string, { events }: PersonHistory): "liked" | "watched" | "refused" | undefined {
  const own = events.filter((event) => event.itemId === itemId);
  const decision = own.findLast(({ kind }) => kind !== "view") ?? own.at(-1);
  if (decision === undefined) return undefined;
  return decision.kind === "view" ? "watched" : decision.kind === "like" ? "liked" : "refused";
}

function sharedBy(past: Item, item: Item): { readonly field: SharedField; readonly value: string }[] {
  return sharedFields.flatMap((field) => {
    const theirs = namesIn(item.fields, field);
    return namesIn(past.fields, field)
      .filter((value) => theirs.includes(value))
      .map((value) => ({ field, value }));
  });
}
