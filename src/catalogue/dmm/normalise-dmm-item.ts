import { received } from "../importing/import-plan.ts";
import type { RowIssue } from "../issue.ts";
import type { FieldValue, Item } from "../item.ts";
import { maxIdLength } from "../memory-store.ts";
import { type Complain, dateForm, dmmFields, optional } from "./dmm-fields.ts";
import { type DmmFloor, dmmItemIdPrefix } from "./dmm-floor.ts";
import { dmmMoment, isAbsent, isRecord, isStorable, textOrNumber } from "./dmm-values.ts";

/** What one row of ItemList turned out to be. */
export interface DmmRow {
  /** Absent where the row says neither which item it is nor how it is called. */
  readonly item?: Item;
  /** The item's id, also where the rest of the row could not be read. */
  readonly id?: string;
  /** Everything that was not as it should be; a field that could not be read is left out of the item. */
  readonly issues: readonly RowIssue[];
}

/** Where a row came from. */
export interface DmmRowPlace {
  /** The floor that was asked for. */
  readonly floor: DmmFloor;
  /** {@link RowIssue.file} */
  readonly file: string;
  /** The row's position in its answer, counted from 1: {@link RowIssue.line}. */
  readonly line: number;
}

/**
 * One row of ItemList as an item. Links and player pages carry the id of the API's client, which nobody is to see: of all
 * addresses only those of the product's page and of its images are taken.
 *
 * @param raw What the API gave; anything.
 * @param place Where it came from.
 * @returns The item as far as it could be read, and an issue for everything that could not. Never throws.
 */
export function normaliseDmmItem(raw: unknown, place: DmmRowPlace): DmmRow {
  const { floor, file, line } = place;
  const issues: RowIssue[] = [];
  const complain: Complain = (path, expected, found) =>
    void issues.push({ file, line, path, expected, received: received(found) });
  if (!isRecord(raw)) {
    complain("", "an item", raw);
    return { issues };
  }
  const contentId = textOrNumber(raw.content_id);
  const id = `${dmmItemIdPrefix(floor)}${contentId}`;
  if (!/^[^\s:]+$/.test(contentId) || !isStorable(contentId) || id.length > maxIdLength) {
    complain("content_id", "an id without spaces", raw.content_id);
    return { issues };
  }
  // Where the API passed over what was asked, every row would go to a floor that is not its own.
  for (const [member, asked] of [
    ["service_code", floor.service],
    ["floor_code", floor.floor],
  ] as const) {
    if (isAbsent(raw[member]) || raw[member] === asked) continue;
    complain(member, `"${asked}", as was asked`, raw[member]);
    return { issues };
  }
  const title = textOrNumber(raw.title);
  if (title === "" || !isStorable(title)) {
    complain("title", "a text", raw.title);
    return { id, issues };
  }
  const releasedAt = optional(raw.date, { path: "date", expected: dateForm, read: dmmMoment, complain });
  const fields = Object.fromEntries(
    Object.entries(dmmFields(raw, floor, complain))
      .filter((entry): entry is [string, FieldValue] => entry[1] !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const item: Item = { id, title, fields, ...(releasedAt === undefined ? {} : { releasedAt }) };
  return { item, id, issues };
}
