import { isRecord } from "./dmm-values.ts";

/** What an answer of the API means. */
export type DmmAnswer =
  | { readonly kind: "ok"; readonly result: Readonly<Record<string, unknown>> }
  /** The network or the server failed, or what came is no answer: asking again may help. */
  | { readonly kind: "failed"; readonly reason: string }
  /** The key was refused: because it asked too much, or because it is wrong. */
  | { readonly kind: "refused" }
  /** The question is wrong and stays so; `parameters` are the names of those that the API complains of. */
  | { readonly kind: "rejected"; readonly status: number; readonly parameters: readonly string[] };

/** Names of parameters that may be repeated in an error; what else the API says might hold anything. */
const parameterNames =
  /^(?:site|service|floor|floor_id|hits|offset|sort|keyword|cid|article|article_id|gte_date|lte_date|mono_stock|output|initial)$/;

/**
 * Reads an answer. The API tells failures by the status of HTTP, by `result.status` inside a 200, or by both; `errors` is
 * an object by parameter or a list of messages; and a key that asked too much is told that its requests are bad.
 *
 * @param status Of HTTP.
 * @param body The text of the answer.
 * @returns What it means. Nothing of the body but `result` and names of parameters is in it.
 */
export function readDmmAnswer(status: number, body: string): DmmAnswer {
  if (status === 429 || status >= 500) return { kind: "failed", reason: `status ${status}` };
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    if (status === 200) return { kind: "failed", reason: "a body that is no JSON" };
  }
  const result = isRecord(json) ? json.result : undefined;
  if (status === 200 && !isRecord(result)) return { kind: "failed", reason: "a body without a result" };
  const told = isRecord(result) && result.status !== undefined ? Number(result.status) : status;
  const code = status === 200 ? told : status;
  if (code === 200) return { kind: "ok", result: result as Readonly<Record<string, unknown>> };
  if (code === 429 || code >= 500) return { kind: "failed", reason: `status ${code}` };
  if (code === 401 || code === 403) return { kind: "refused" };
  const names = namesIn(isRecord(result) ? result.errors : undefined);
  // Of a 400 without a reason we believe that it means the key: the cost of the other belief is to be locked out.
  if (code === 400 && (names.length === 0 || names.includes("api_id") || names.includes("affiliate_id"))) {
    return { kind: "refused" };
  }
  return {
    kind: "rejected",
    status: Number.isFinite(code) ? code : 0,
    parameters: names.filter((name) => parameterNames.test(name)),
  };
}

function namesIn(errors: unknown): readonly string[] {
  if (Array.isArray(errors)) return errors.flatMap((entry) => (isRecord(entry) ? namesOfEntry(entry) : []));
  return isRecord(errors) ? Object.keys(errors) : [];
}

/** One of a list: `{message}`, `{parameter, message}` or `{offset: "…"}`. */
function namesOfEntry(entry: Readonly<Record<string, unknown>>): readonly string[] {
  const words = Object.entries(entry).flatMap(([key, value]) => [key, ...String(value).split(/[^a-z_]+/i)]);
  return words.filter((word) => word === "api_id" || word === "affiliate_id" || parameterNames.test(word));
}
