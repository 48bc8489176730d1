import { canonicalJson, sha256Hex } from "../base/mod.ts";
import type { Item, PersonHistory } from "../catalogue/mod.ts";

/**
 * What an item vector was made from, in 32 hex digits. A take-down changes no vector and is left out.
 *
 * @param item Any item.
 * @returns The same for equal items, another for any change.
 */
export function itemContentHash(item: Item): string {
  const { withdrawn: _withdrawn, ...content } = item;
  return sha256Hex(canonicalJson(content)).slice(0, 32);
}

/**
 * What a user vector was made from: the person's fields and each event. Items count by their id alone: a changed price
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
  return sha256Hex(canonicalJson([person.fields, rows])).slice(0, 32);
}
