import { sha256Hex } from "../base/mod.ts";
import { Problem } from "./problem.ts";

/**
 * Checks the API key of a request: `Authorization: Bearer KEY`, or `apikey: KEY` as Supabase clients send it.
 *
 * @param headers Of the request.
 * @param apiKey What is configured; undefined lets everybody in, for a server that only listens locally.
 * @throws Problem `unauthorized`.
 */
export function authenticate(headers: Headers, apiKey: string | undefined): void {
  if (apiKey === undefined) return;
  const bearer = /^Bearer +(.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const given = bearer ?? headers.get("apikey") ?? "";
  // Hashes have one length and are compared to the end, so that time tells nothing about the key.
  if (equalInConstantTime(sha256Hex(given), sha256Hex(apiKey))) return;
  throw new Problem(
    "unauthorized",
    "Cannot answer as the API key must be the configured one: send it as Authorization: Bearer KEY",
  );
}

function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
