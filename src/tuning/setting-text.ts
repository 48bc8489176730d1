/**
 * A setting's value as it stands in a table: numbers with three significant digits.
 *
 * @param value Any JSON.
 * @returns Short text.
 */
export function settingText(value: unknown): string {
  if (value === undefined) return "–";
  if (typeof value === "number") return String(Number(value.toPrecision(3)));
  return typeof value === "string" ? value : JSON.stringify(value);
}
