import { type Dataset, eventKinds } from "../catalogue/mod.ts";
import type { TrainingConfig } from "./training-config.ts";

/** What {@link findAccidentalLikes} goes by. */
export type AccidentRules = Pick<TrainingConfig, "bounceSeconds" | "burstLikes" | "burstSeconds">;

/** How many likes were looked at, and how many each rule took for accidental. */
export interface LabelCounts {
  readonly likes: number;
  /** Taken back at once, or of an item that was hardly watched. */
  readonly bounces: number;
  /** Many within seconds, nothing of it watched; a like that is a bounce as well counts there. */
  readonly bursts: number;
  /** Rules that met more than {@link commonShare} of the likes and therefore took none. */
  readonly notApplied: readonly ("bounces" | "bursts")[];
}

/** Likes that were hardly meant. */
export interface AccidentalLikes {
  /** By event of the dataset: 1 where it is one. */
  readonly events: Uint8Array;
  readonly counts: LabelCounts;
}

/** What is more frequent than this is no accident, but how people use the application. */
export const commonShare = 0.2;

const like = eventKinds.indexOf("like");
const nope = eventKinds.indexOf("nope");
const view = eventKinds.indexOf("view");

/**
 * Finds likes that tell little of taste.
 *
 * A *bounce* is a like whose item the viewer refused within `bounceSeconds`, or watched for less than that in all. A
 * *burst* is `burstLikes` or more likes of items that were not watched within `burstSeconds`. Only viewers of whom it
 * is known what they watch can have bursts, and likes that share their moment with another are left out of them: a
 * history that was imported in bulk (ratings in one sitting, a list that was copied) looks like a burst and is none.
 *
 * @param dataset Events in order of time.
 * @param rules Seconds and counts; 0 turns a rule off.
 * @returns Which likes, and how many.
 */
export function findAccidentalLikes(dataset: Dataset, rules: AccidentRules): AccidentalLikes {
  const { kind } = dataset.events;
  const bounces = new Uint8Array(kind.length);
  const bursts = new Uint8Array(kind.length);
  for (let person = 0; person < dataset.people.length; person++) {
    const watched = watchedBy(dataset, person);
    if (rules.bounceSeconds > 0) markBounces(dataset, person, { watched, bounces, rules });
    if (rules.burstLikes > 0 && watched !== undefined) {
      markBursts(dataset, person, { watched, bursts, rules });
    }
  }
  const likes = kind.reduce((sum, code) => sum + (code === like ? 1 : 0), 0);
  for (const [e, mark] of bounces.entries()) if (mark === 1) bursts[e] = 0;
  const found = { bounces, bursts };
  const notApplied = (["bounces", "bursts"] as const).filter((rule) => {
    return countOf(found[rule]) > commonShare * likes;
  });
  for (const rule of notApplied) found[rule].fill(0);
  return {
    events: bounces.map((mark, e) => mark | bursts[e]!),
    counts: { likes, bounces: countOf(bounces), bursts: countOf(bursts), notApplied },
  };
}

interface Watched {
  /** By item: seconds in all; NaN where a view does not tell. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** What a person watched; undefined where no event tells how much of anything. */
function watchedBy(dataset: Dataset, person: number): Watched | undefined {
  const { item, kind, watchFraction, watchSeconds } = dataset.events;
  const seconds = new Map<number, number>();
  let tells = false;
  for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
    if (kind[e] !== view) continue;
    const known = watchSeconds?.[e] ?? Number.NaN;
    tells ||= known >= 0 || watchFraction[e]! >= 0;
    seconds.set(item[e]!, (seconds.get(item[e]!) ?? 0) + known);
  }
  return tells ? { seconds } : undefined;
}

function markBounces(
  dataset: Dataset,
  person: number,
  to: {
    readonly watched: Watched | undefined;
    readonly bounces: Uint8Array;
    readonly rules: AccidentRules;
  },
): void {
  const { item, kind, at } = dataset.events;
  const { bounceSeconds } = to.rules;
  const lastLike = new Map<number, number>();
  for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
    const i = item[e]!;
    if (kind[e] === like) {
      lastLike.set(i, e);
      // NaN, where nobody knows how long, is not below anything.
      if (to.watched !== undefined && to.watched.seconds.get(i)! < bounceSeconds) to.bounces[e] = 1;
    } else if (kind[e] === nope) {
      const liked = lastLike.get(i);
      if (liked !== undefined && at[e]! - at[liked]! <= bounceSeconds * 1000) to.bounces[liked] = 1;
    }
  }
}

function markBursts(
  dataset: Dataset,
  person: number,
  to: { readonly watched: Watched; readonly bursts: Uint8Array; readonly rules: AccidentRules },
): void {
  const { item, kind, at } = dataset.events;
  const { burstLikes, burstSeconds } = to.rules;
  const likes: number[] = [];
  for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
    if (kind[e] === like) likes.push(e);
  }
  const hasty = likes.filter((e, position) => {
    const twin = at[likes[position - 1] ?? -1] === at[e] || at[likes[position + 1] ?? -1] === at[e];
    return !twin && !to.watched.seconds.has(item[e]!);
  });
  for (let last = burstLikes - 1; last < hasty.length; last++) {
    const first = last - burstLikes + 1;
    if (at[hasty[last]!]! - at[hasty[first]!]! > burstSeconds * 1000) continue;
    for (let position = first; position <= last; position++) to.bursts[hasty[position]!] = 1;
  }
}

function countOf(marks: Uint8Array): number {
  return marks.reduce((sum, mark) => sum + mark, 0);
}
