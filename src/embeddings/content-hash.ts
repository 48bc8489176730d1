import { canonicalJson, digestHex, sha256Hex } from "../base/mod.ts";
import { type Item, type PersonHistory, volatileFields } from "../catalogue/mod.ts";

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

/**
 * Of how many events a stored user vector was made, where it was made from what is known of the person now.
 *
 * @param contentHash As {@link historyContentHash} gave it when the vector was stored.
 * @param history What is known now.
 * @param read How many of the newest events were asked for: there may be more only where so many came.
 * @returns Undefined where it was made from something else, or too few were read to say.
 */
export async function madeFromEvents(
  contentHash: string,
  { history, read }: { readonly history: PersonHistory; readonly read: number },
): Promise<number | undefined> {
  const historyEvents = Number.parseInt(contentHash, 10);
  const { events } = history;
  if (!(historyEvents > 0) || (historyEvents > read && events.length >= read)) return undefined;
  const encoded = { ...history, events: events.slice(-historyEvents) };
  const known = await historyContentHash(encoded, historyEvents);
  return known === contentHash ? encoded.events.length : undefined;
}
