import { canonicalJson, sha256Hex } from "../base/mod.ts";
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
 * @returns The same for equal histories, another for any change.
 */
export function historyContentHash(history: PersonHistory): string {
  const { person, events } = history;
  const rows = events.map((event) => [
    event.itemId,
    event.kind,
    event.at,
    event.watchFraction ?? null,
    event.watchSeconds ?? null,
  ]);
  return sha256Hex(
    canonicalJson([person.fields, rows, ...(person.taste === undefined ? [] : [person.taste])]),
  ).slice(0, 32);
}
