/**
 * JSON that Postgres can keep. Text there holds neither NUL nor half a surrogate pair; each becomes U+FFFD, the sign
 * for a character that could not be kept, so that one odd row does not stop an import.
 *
 * @param value Plain data.
 * @returns JSON text for a `::text::jsonb` parameter.
 */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  // JSON.stringify escapes exactly these two kinds; an even run of backslashes before is text, not an escape.
  return json.includes("\\u")
    ? json.replace(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g, "$1\\ufffd")
    : json;
}

/**
 * The same for one piece of text, as when an id is looked up.
 *
 * @param text Any string.
 * @returns What {@link storableJson} would have stored for it.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
