/** How a file writes moments: ISO 8601, or seconds or milliseconds since 1970. */
export const momentUnits = ["iso", "s", "ms"] as const;

/** One of {@link momentUnits}. */
export type MomentUnit = (typeof momentUnits)[number];

// Wide enough for the first films, narrow enough to tell milliseconds that were declared as seconds.
const earliest = Date.UTC(1800, 0, 1);
const latest = Date.UTC(2200, 0, 1);

const iso =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?)?$/i;

/** What {@link parseMoment} expects, for a person. */
export const momentExpectation: Readonly<Record<MomentUnit, string>> = {
  iso: "a date such as 2026-05-01 or 2026-05-01T09:30:00Z",
  s: "seconds since 1970, between the years 1800 and 2200",
  ms: "milliseconds since 1970, between the years 1800 and 2200",
};

/**
 * Reads a moment. A date without a time is its first millisecond, a time without a zone is UTC.
 *
 * @param value A text or a number.
 * @param unit How it is written.
 * @returns Milliseconds since 1970, whole; undefined where it is none or outside the years 1800-2200.
 */
export function parseMoment(value: unknown, unit: MomentUnit): number | undefined {
  const at = unit === "iso" ? parseIso(value) : Math.round(numberOf(value) * (unit === "s" ? 1000 : 1));
  return at >= earliest && at < latest ? at : undefined;
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\s*[+-]?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : Number.NaN;
}

function parseIso(value: unknown): number {
  const match = typeof value === "string" && value.length <= 40 ? iso.exec(value.trim()) : null;
  if (match === null) return Number.NaN;
  const [, year, month, day = "01", hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] =
    match;
  const [m, d, h, min, s] = [Number(month), Number(day), Number(hour), Number(minute), Number(second)];
  // Date.UTC rolls 31 February over into March: a date that is none must not become another.
  const midnight = Date.UTC(Number(year), m - 1, d);
  if (new Date(midnight).getUTCMonth() !== m - 1 || d === 0 || h > 23 || min > 59 || s > 59)
    return Number.NaN;
  const milliseconds = Math.trunc(Number(`0.${fraction}0`) * 1000);
  return midnight + ((h * 60 + min) * 60 + s) * 1000 + milliseconds - zoneOffset(zone);
}

function zoneOffset(zone: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const digits = zone.slice(1).replace(":", "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith("-") ? -1 : 1) * minutes * 60_000;
}
