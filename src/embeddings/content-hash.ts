import { canonicalJson, digestHex, sha256Hex } from "../base/mod.ts";
import { type CatalogueEvent, type Item, type PersonHistory, volatileFields } from "../catalogue/mod.ts";

/**
 * What decides whether an item needs a new vector, in 32 hex digits: all it is but its `volatileFields`, so that a new price
 * embeds nothing until something else changes, too. A take-down changes no vector and is left out.
 *
 * @param item Any item.
 * @returns The same for equal items, another for any change of something else.
 */
export function itemContentHash(item: Item): string {
  const { withdrawn: _withdrawn, fields, ...rest } = item;
  const lasting = Object.fromEntries(Object.entries(fields).filter(([name]) => !volatileFields.has(name)));
  return sha256Hex(canonicalJson({ ...rest, fields: lasting })).slice(0, 32);
}

/**
 * What a user vector was made from: the person's fields, what they said they like, and each event. Items count by their id alone: a changed price
 * does not embed everybody again who ever liked the video.
 *
 * @param history A person with the events that are encoded.
 * @param historyEvents How many of the newest events the towers read.
 * @returns That number, a colon, and 32 hex digits that are the same for equal histories, others for any change.
 */
export async function historyContentHash(history: PersonHistory, historyEvents: number): Promise<string> {
  const { person, events } = history;
  const rows = events.map((event) => [
    event.itemId,
    event.kind,
    event.at,
    event.watchFraction ?? null,
    event.watchSeconds ?? null,
  ]);
  const hash = await digestHex(
    canonicalJson([person.fields, rows, ...(person.taste === undefined ? [] : [person.taste])]),
  );
  return `${historyEvents}:${hash.slice(0, 32)}`;
}

/** What a stored user vector was made from, as far as it is known still. */
export interface MadeFrom {
  /** How many events it was made from. */
  readonly events: number;
  /** What was done since, oldest first: empty where the vector is current. */
  readonly since: readonly CatalogueEvent[];
}

/** How many events may have come since. */
const mostSince = 10;

/**
 * What a stored user vector was made from: all that is known of the person now, or all but the latest few events.
 *
 * @param contentHash As {@link historyContentHash} gave it when the vector was stored.
 * @param history What is known now.
 * @param read How many of the newest events were asked for: there may be more only where so many came.
 * @returns Undefined where it was made from something else, or too few were read to say.
 */
export async function madeFrom(
  contentHash: string,
  { history, read }: { readonly history: PersonHistory; readonly read: number },
): Promise<MadeFrom | undefined> {
  const historyEvents = Number.parseInt(contentHash, 10);
  if (!(historyEvents > 0)) return undefined;
  const { events } = history;
  for (let since = 0; since <= Math.min(mostSince, events.length); since++) {
    const before = events.slice(0, events.length - since);
    // Of what was not read nobody can say whether it was part of it.
    if (before.length < historyEvents && events.length >= read) return undefined;
    const encoded = { ...history, events: before.slice(-historyEvents) };
    if ((await historyContentHash(encoded, historyEvents)) !== contentHash) continue;
    return { events: encoded.events.length, since: events.slice(events.length - since) };
  }
  return undefined;
}
