import type { FieldValue } from "../item.ts";
import { maxIdLength } from "../memory-store.ts";
import type { FieldMapping, MomentMapping } from "./mapping.ts";
import { momentExpectation, parseMoment } from "./moment.ts";
import type { Column } from "./row-format.ts";

/** Told of every value that is not what it should be. */
export type Complain = (path: string, expected: string, found: unknown) => void;

/** Reads one value of a row; undefined where it is absent or wrong, and wrong ones are complained of. */
export type ValueReader<Value> = (row: unknown, complain: Complain) => Value | undefined;

/** A column together with the name a person knows it by. */
export interface NamedColumn {
  readonly name: string;
  readonly column: Column;
}

/** An id: required, a text or whole number of at most 200 characters, without spaces around it. */
export function idReader({ name, column }: NamedColumn): ValueReader<string> {
  return (row, complain) => {
    const value = column(row);
    if (value === undefined || value === "") return void complain(name, "an id", value);
    const id = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
    if (typeof id !== "string" || !isStorable(id))
      return void complain(name, "an id, as text or whole number", value);
    const trimmed = id.trim();
    if (trimmed !== "" && trimmed.length <= maxIdLength) return trimmed;
    complain(name, `an id of 1 to ${maxIdLength} characters`, value);
  };
}

/** A text; required unless `optional`. */
export function textReader({ name, column }: NamedColumn): ValueReader<string> {
  return (row, complain) => {
    const value = column(row);
    const text = typeof value === "number" && Number.isFinite(value) ? String(value) : value;
    if (typeof text === "string" && isStorable(text) && text.trim() !== "") return text;
    complain(name, "a text", value);
  };
}

/** A moment; absent is complained of where it is `required`. */
export function momentReader(
  { name, column }: NamedColumn,
  { unit, required }: Pick<MomentMapping, "unit"> & { readonly required: boolean },
): ValueReader<number> {
  return (row, complain) => {
    const value = column(row);
    if (value === undefined && !required) return undefined;
    const at = parseMoment(value, unit);
    if (at === undefined) complain(name, momentExpectation[unit], value);
    return at;
  };
}

/** A number within bounds, both included; absent is complained of where it is `required`. */
export function numberReader(
  { name, column }: NamedColumn,
  { min, max, required }: { readonly min: number; readonly max: number; readonly required: boolean },
): ValueReader<number> {
  const bounds = min === -Infinity ? "" : max === Infinity ? ` of at least ${min}` : ` from ${min} to ${max}`;
  return (row, complain) => {
    const value = column(row);
    if (value === undefined && !required) return undefined;
    const number = toNumber(value);
    if (number !== undefined && number >= min && number <= max) return number;
    complain(name, `a number${bounds}`, value);
  };
}

/** A yes or no; absent is undefined. */
export function booleanReader({ name, column }: NamedColumn): ValueReader<boolean> {
  return (row, complain) => {
    const value = column(row);
    if (value === undefined) return undefined;
    const flag = toBoolean(value);
    if (flag === undefined) complain(name, "true or false", value);
    return flag;
  };
}

/** A field of any declared type; absent is undefined. */
export function fieldReader(
  { name, column }: NamedColumn,
  { type, separator }: Omit<FieldMapping, "from">,
): ValueReader<FieldValue> {
  const { expected, convert } = converters(separator)[type];
  return (row, complain) => {
    const value = column(row);
    if (value === undefined || value === null) return undefined;
    const converted = convert(value);
    if (converted === undefined) complain(name, expected, value);
    return converted;
  };
}

interface Converter {
  readonly expected: string;
  readonly convert: (value: unknown) => FieldValue | undefined;
}

function converters(separator: string): Record<FieldMapping["type"], Converter> {
  const listOf = (value: unknown): unknown => {
    if (typeof value !== "string") return value;
    if (separator === "json") return parseJson(value);
    return value
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== "");
  };
  const written = separator === "json" ? "a JSON array of" : `a list, split by "${separator}", of`;
  return {
    auto: {
      expected: "a text, a number, true or false, or a list of texts or of numbers",
      convert: (value) => toScalar(value) ?? toTexts(value) ?? toNumbers(value),
    },
    text: {
      expected: "a text",
      convert: (value) => (typeof value === "number" ? toText(String(value)) : toText(value)),
    },
    number: { expected: "a number", convert: toNumber },
    boolean: { expected: "true or false", convert: toBoolean },
    list: { expected: `${written} texts`, convert: (value) => toTexts(listOf(value)) },
    numbers: { expected: `${written} numbers`, convert: (value) => toNumbers(listOf(value)) },
  };
}

function toScalar(value: unknown): string | number | boolean | undefined {
  if (typeof value === "string") return toText(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  return typeof value === "boolean" ? value : undefined;
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" && isStorable(value) ? value : undefined;
}

function toTexts(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((part) => toText(part) !== undefined) ? (value as string[]) : undefined;
}

function toNumbers(value: unknown): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = value.map(toNumber);
  return numbers.every((number) => number !== undefined) ? numbers : undefined;
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || !/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(value))
    return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  const word = typeof value === "number" ? String(value) : value;
  if (typeof word !== "string" || word.length > 10) return undefined;
  if (/^\s*(?:true|yes|1)\s*$/i.test(word)) return true;
  return /^\s*(?:false|no|0)\s*$/i.test(word) ? false : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Postgres keeps neither NUL nor half of a surrogate pair.
function isStorable(text: string): boolean {
  return !text.includes("\u0000") && text.isWellFormed();
}
