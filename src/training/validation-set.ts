import type { Csr, Random } from "../base/mod.ts";
import { type Dataset, eventKinds, filterEvents, type Item } from "../catalogue/mod.ts";
import { type Histories, historiesOf } from "../features/mod.ts";

/** Viewers whose likes are partly hidden: the model sees `given` and is asked for `targets`. */
export interface ValidationSet {
  /** Items are dataset indices. */
  readonly given: Histories;
  /** One row per viewer: items to be found. */
  readonly targets: Csr;
  /** Everything that is ranked, the dataset's items first and in the same order. @default the dataset's items */
  readonly items?: readonly Item[];
  /** The only items that are ranked, by index. @default all */
  readonly candidates?: Int32Array;
}

/** How {@link holdOut} divides. */
export interface HoldOutOptions {
  /** Share of the viewers held out, 0-0.5. */
  readonly share: number;
  readonly random: Random;
  /** Hides each held-out viewer's latest likes instead of random ones: for towers that know order. @default false */
  readonly latest?: boolean;
  /** Share of a held-out viewer's likes that is given. @default 0.8 */
  readonly givenShare?: number;
  /** Held-out viewers at most. @default 1000 */
  readonly maxUsers?: number;
  /** With fewer viewers than this, everyone trains and only latest likes are hidden. @default 500 */
  readonly minUsers?: number;
}

/**
 * Sets validation data aside from training data.
 *
 * With enough viewers, some are held out whole and a random part of their likes (or the latest) is hidden, which asks what serving
 * asks: somebody new with some history. With few viewers nobody can be spared: of a share of them the latest like is
 * hidden.
 *
 * @param dataset Training data.
 * @param options Shares and the source of randomness.
 * @returns What is left to train on (same items and people), and the set; undefined where there is nothing to hide.
 */
export function holdOut(
  dataset: Dataset,
  options: HoldOutOptions,
): { readonly train: Dataset; readonly validation: ValidationSet | undefined } {
  const { share, random, givenShare = 0.8, maxUsers = 1000, minUsers = 500 } = options;
  const likes = likesByPerson(dataset);
  const able = Int32Array.from(likes.keys()).filter((p) => likes[p]!.length >= 3);
  const count = Math.min(maxUsers, Math.floor(able.length * share));
  if (count === 0) return { train: dataset, validation: undefined };
  shuffle(able, random);
  const people = able.slice(0, count).sort();
  const spared = able.length >= minUsers;
  const hidden = new Uint8Array(dataset.events.item.length);
  const heldOut = new Set(people);
  for (const person of people) {
    const events = Int32Array.from(likes[person]!);
    if (spared && options.latest !== true) shuffle(events, random);
    const given = spared
      ? Math.min(events.length - 1, Math.round(events.length * givenShare))
      : events.length - 1;
    for (const event of events.subarray(given)) hidden[event] = 1;
  }
  const { person } = dataset.events;
  const train = filterEvents(dataset, (e) => (spared ? !heldOut.has(person[e]!) : hidden[e] === 0));
  const visible = filterEvents(dataset, (e) => hidden[e] === 0);
  return {
    train,
    validation: { given: historiesOf(visible, people), targets: hiddenItems(dataset, people, hidden) },
  };
}

function likesByPerson(dataset: Dataset): readonly (readonly number[])[] {
  const like = eventKinds.indexOf("like");
  return dataset.people.map((_, p) => {
    const events: number[] = [];
    for (let e = dataset.offsets[p]!; e < dataset.offsets[p + 1]!; e++) {
      if (dataset.events.kind[e] === like) events.push(e);
    }
    return events;
  });
}

function hiddenItems(dataset: Dataset, people: Int32Array, hidden: Uint8Array): Csr {
  const offsets = new Int32Array(people.length + 1);
  const indices: number[] = [];
  for (const [row, person] of people.entries()) {
    const items = new Set<number>();
    for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
      if (hidden[e] === 1) items.add(dataset.events.item[e]!);
    }
    indices.push(...[...items].sort((a, b) => a - b));
    offsets[row + 1] = indices.length;
  }
  return { offsets, indices: Int32Array.from(indices), weights: new Float32Array(indices.length).fill(1) };
}

function shuffle(values: Int32Array, random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const swap = values[i]!;
    values[i] = values[j]!;
    values[j] = swap;
  }
}
