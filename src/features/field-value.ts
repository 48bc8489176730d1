import type { FieldRow } from "./encoder.ts";

/** Values beyond this many of one multi-valued field are not read: one broken row must not stall a batch. */
const maxValues = 1_000;

/**
 * A field of a row as it came, whatever it holds.
 *
 * @param row `title` names the row's own title; every other name is looked up in its fields.
 * @param field The field's name.
 * @returns The raw value; undefined where absent.
 */
export function rawValue(row: FieldRow, field: string): unknown {
  if (field === "title" && typeof row.title === "string") return row.title;
  const fields: unknown = row.fields;
  if (typeof fields !== "object" || fields === null || !Object.hasOwn(fields, field)) return undefined;
  return (fields as Record<string, unknown>)[field];
}

/**
 * One category of a raw value: text, a finite number or a boolean, as text.
 *
 * @param value Whatever a field held.
 * @returns Well-formed text of 1 to 200 characters; undefined for all that names no category.
 */
export function categoryOf(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "string") return undefined;
  // A lone surrogate would not survive JSON in UTF-8, and the fitted vocabulary must.
  const text = value.slice(0, 200).toWellFormed().trim();
  return text === "" ? undefined : text;
}

/**
 * The categories of a raw value, each once, in the order in which they stand.
 *
 * @param value An array, or one category alone.
 * @returns Categories as {@link categoryOf} reads them; empty where there are none.
 */
export function categoriesOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) {
    const single = categoryOf(value);
    return single === undefined ? [] : [single];
  }
  const categories: string[] = [];
  const count = Math.min(value.length, maxValues);
  for (let i = 0; i < count; i++) {
    const category = categoryOf(value[i]);
    if (category !== undefined && !categories.includes(category)) categories.push(category);
  }
  return categories;
}

/**
 * A raw value as a number.
 *
 * @param value Whatever a field held.
 * @returns The number; NaN for everything that is not a finite number. Text is not read as a number.
 */
export function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : Number.NaN;
}
