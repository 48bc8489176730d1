// The forms in which the API writes values. It began as XML: numbers come as text, a list of one as its only member, and
// what is missing as an empty text, a placeholder or nothing at all.

/** Japan keeps no summer time: +09:00 all year. */
export const jstOffsetMs = 9 * 3_600_000;

const earliest = Date.UTC(1900, 0, 1);
const latest = Date.UTC(2200, 0, 1);
const written =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?(?:\.\d+)?(Z)?$/;

/**
 * A moment as the API writes it: `2025-06-06 00:00:32`, `2025/6/6 0:00`, in Japanese time; campaigns also with `Z`.
 *
 * @param value Anything.
 * @returns Milliseconds since 1970; undefined where it is none.
 */
export function dmmMoment(value: unknown): number | undefined {
  const match = typeof value === "string" && value.length <= 40 ? written.exec(value.trim()) : null;
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  // Date.UTC rolls 31 February over into March: a date that is none must not become another.
  const midnight = Date.UTC(year!, month! - 1, day);
  if (new Date(midnight).getUTCMonth() !== month! - 1 || day === 0) return undefined;
  if (hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const zone = match[7] === undefined ? jstOffsetMs : 0;
  const at = midnight + ((hour! * 60 + minute!) * 60 + second!) * 1000 - zone;
  return at >= earliest && at < latest ? at : undefined;
}

/**
 * A moment as the API asks for it: Japanese time without a zone, whole seconds.
 *
 * @param at Milliseconds since 1970.
 * @returns `YYYY-MM-DDTHH:MM:SS`
 */
export function dmmMomentText(at: number): string {
  return new Date(Math.floor(at / 1000) * 1000 + jstOffsetMs).toISOString().slice(0, 19);
}

/**
 * A running time: `120`, `1:29:00` (hours first), `約60分`.
 *
 * @param value Anything.
 * @returns Whole minutes; undefined where no number is in it.
 */
export function dmmMinutes(value: unknown): number | undefined {
  const text = textOrNumber(value);
  const clock = /^(\d{1,4}):(\d{2})(?::\d{2})?$/.exec(text);
  if (clock !== null) return Number(clock[1]) * 60 + Number(clock[2]);
  const digits = /\d{1,6}/.exec(text);
  return digits === null ? undefined : Number(digits[0]);
}

/** A price in yen; `from` where it is the lowest of several. */
export interface DmmPrice {
  readonly yen: number;
  readonly from: boolean;
}

/**
 * A price: `500~`, `1,980`, `300～`, a number.
 *
 * @param value Anything.
 * @returns The price; undefined where no number is in it.
 */
export function dmmPrice(value: unknown): DmmPrice | undefined {
  const text = textOrNumber(value);
  const digits = /\d[\d,]{0,14}/.exec(text);
  return digits === null
    ? undefined
    : { yen: Number(digits[0].replaceAll(",", "")), from: /[~～〜]/.test(text) };
}

/**
 * A list, also where the API gives its only member alone, or nothing.
 *
 * @param value Anything.
 * @returns Its members.
 */
export function dmmList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isAbsent(value) ? [] : [value];
}

/**
 * The name of one genre, maker, performer and so on: `{id, name}`.
 *
 * @param value Anything.
 * @returns The name; null where the API says that there is none (id 99999, or only dashes); undefined where it is no such
 * entry.
 */
export function dmmName(value: unknown): string | null | undefined {
  if (!isRecord(value)) return undefined;
  const { id, name } = value;
  if (String(id) === "99999") return null;
  if (isAbsent(name)) return isAbsent(id) ? null : undefined;
  const text = textOrNumber(name).trim();
  if (!isStorable(text) || text === "") return undefined;
  return /^[-‐–—ー_\s]+$/.test(text) ? null : text;
}

/**
 * A web address, over https: the API still writes http.
 *
 * @param value Anything.
 * @returns The address; undefined where it is none.
 */
export function dmmUrl(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 2000 || !isStorable(value)) return undefined;
  const address = value.trim().replace(/^(?:http:)?\/\//i, "https://");
  return /^https:\/\/[^\s/]+/i.test(address) ? address : undefined;
}

/** Whether the API said nothing: no member, null, or an empty text. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

/** Whether a value has members to look into. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text of a text or a finite number; empty for all else. */
export function textOrNumber(value: unknown): string {
  if (typeof value === "string") return value.trim();
  return typeof value === "number" && Number.isFinite(value) ? String(value) : "";
}

/** Whether a database keeps it: Postgres takes neither NUL nor half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes("\u0000") && text.isWellFormed();
}
