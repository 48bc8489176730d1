import { Problem } from "./problem.ts";

/**
 * Reads a request's body as JSON, never more than `limit` bytes of it.
 *
 * @param request Its body is consumed.
 * @param limit Bytes.
 * @returns The value.
 * @throws Problem `unsupported_media_type`, `body_too_large`, or `invalid_request` where it is not UTF-8 or not JSON.
 */
export async function readJson(request: Request, limit: number): Promise<unknown> {
  // Only JSON: a browser may send other types to a local server from any page without asking first.
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type !== "application/json") {
    throw new Problem(
      "unsupported_media_type",
      `Cannot read the body as its content-type must be application/json: current value is "${type.slice(0, 80)}"`,
    );
  }
  const bytes = await readAtMost(request, limit);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw notJson("text in UTF-8", "other bytes");
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw notJson("JSON", text === "" ? "nothing" : text.slice(0, 80));
  }
}

async function readAtMost(request: Request, limit: number): Promise<Uint8Array> {
  const tooLarge = (): Problem =>
    new Problem(
      "body_too_large",
      `Cannot read the body as it must be at most ${limit} bytes: send less at a time`,
    );
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader?.cancel();
      throw tooLarge();
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function notJson(expected: string, received: string): Problem {
  return new Problem("invalid_request", `Cannot read the body as it must be ${expected}`, {
    issues: [{ path: "", expected, received }],
  });
}
