import type { Fields, FieldValue, Item } from "../../catalogue/mod.ts";

/** A row of the view `catalogue_items`, less its stamps. */
export interface ItemRow {
  readonly video_id: string;
  readonly title: string;
  readonly description: string | null;
  readonly maker: string | null;
  readonly series: string | null;
  readonly genres: readonly string[] | null;
  readonly performers: readonly string[] | null;
  readonly tags: readonly string[] | null;
  readonly price: number | null;
  readonly duration_minutes: number | null;
  readonly review_count: number | null;
  readonly review_average: number | null;
  readonly thumbnail_url: string | null;
  readonly attributes: Fields;
  /** Milliseconds since 1970. */
  readonly released_at: number | null;
  readonly withdrawn: boolean;
}

const isText = (value: FieldValue | undefined): boolean => typeof value === "string";
const isNumber = (value: FieldValue | undefined): boolean => typeof value === "number";
const isTexts = (value: FieldValue | undefined): boolean =>
  Array.isArray(value) && value.every((member) => typeof member === "string");
// No rows of a join table stand for "not known", so an empty list cannot be told there.
const isNames = (value: FieldValue | undefined): boolean =>
  isTexts(value) && (value as readonly string[]).length > 0;
// Names that filters and take-downs look for: a name alone is written as a list of one, and kept in `attributes` as it came.
const listed: ReadonlySet<string> = new Set(["genres", "performers", "tags"]);

/** Field -> its column and what fits there; whatever does not fit is kept in `attributes`, so nothing is lost. */
const columns = [
  ["description", "description", isText],
  ["maker", "maker", isText],
  ["series", "series", isText],
  ["genres", "genres", isTexts],
  ["performers", "performers", isNames],
  ["tags", "tags", isNames],
  ["price", "price", isNumber],
  ["durationMinutes", "duration_minutes", isNumber],
  ["reviewCount", "review_count", isNumber],
  ["reviewAverage", "review_average", isNumber],
  ["thumbnailUrl", "thumbnail_url", isText],
] as const satisfies readonly (readonly [
  string,
  keyof ItemRow,
  (value: FieldValue | undefined) => boolean,
])[];

const columnFields: ReadonlySet<string> = new Set(columns.map(([field]) => field));

/**
 * An item as the row that is sent to the database.
 *
 * @param item Any item.
 * @returns The row; `withdrawn` is null where the item does not say, which leaves a take-down as it stands.
 */
export function itemToRow(item: Item): Omit<ItemRow, "withdrawn"> & { readonly withdrawn: boolean | null } {
  const row: Record<string, unknown> = {};
  // Entries, made an object at the end: a field may be called "__proto__", which assigning would lose.
  const attributes: [string, FieldValue][] = [];
  for (const [field, value] of Object.entries(item.fields)) {
    if (!columnFields.has(field) && value !== undefined) attributes.push([field, finite(value)]);
  }
  for (const [field, column, fits] of columns) {
    const value = item.fields[field];
    const fitting = fits(value) && finite(value as FieldValue) !== null;
    const alone = listed.has(column) && typeof value === "string" && value !== "";
    row[column] = fitting ? value : alone ? [value] : null;
    if (!fitting && value !== undefined) attributes.push([field, finite(value)]);
  }
  return {
    ...(row as Pick<ItemRow, (typeof columns)[number][1]>),
    video_id: item.id,
    title: item.title,
    attributes: Object.fromEntries(attributes),
    released_at: item.releasedAt ?? null,
    withdrawn: item.withdrawn ?? null,
  };
}

/**
 * The item that a row was made from.
 *
 * @param row A row of `catalogue_items`.
 * @returns An equal item: absent fields absent, nulls null.
 */
export function rowToItem(row: ItemRow): Item {
  const fields: Record<string, FieldValue> = { ...row.attributes };
  for (const [field, column] of columns) {
    const value = row[column];
    if (value !== null && !Object.hasOwn(row.attributes, field)) fields[field] = value;
  }
  return {
    id: row.video_id,
    title: row.title,
    fields,
    ...(row.released_at === null ? {} : { releasedAt: row.released_at }),
    ...(row.withdrawn ? { withdrawn: true } : {}),
  };
}

// JSON has no NaN and no infinities: an unknown number is null, as the field says it may be.
function finite(value: FieldValue): FieldValue {
  return typeof value === "number" && !Number.isFinite(value) ? null : value;
}
