import { FutagoError } from "./errors.ts";

/** As much of `fetch` as is needed; the global one of Node, Deno and browsers fits. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Options of {@link requestBytes}. */
export interface RequestOptions {
  /** How often to ask in all. @default 4 */
  readonly attempts?: number;
  /** How long one attempt may take, its body included, in milliseconds. @default 30000 */
  readonly timeoutMs?: number;
  /** From 0 to 1, for the time between attempts. @default Math.random */
  readonly random?: () => number;
  /** Waits so many milliseconds. @default setTimeout */
  readonly wait?: (ms: number) => Promise<void>;
}

/** An answer whose body was read to its end. */
export interface AnsweredBytes {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/**
 * Asks over HTTP and reads the answer whole. What the network or the server (5xx) failed at is tried again, after a
 * random time of up to 0.25, 0.5 and 1 s, so that many clients do not come back at once; an answer of 4xx is an
 * answer. A body that ends early is a failure of the network.
 *
 * @param fetch Asks.
 * @param request Address and `RequestInit`; a body must be bytes or text, as it may be sent again.
 * @param options How often and how long.
 * @returns The answer, perhaps of 5xx where every attempt gave one.
 * @throws FutagoError `storage_failed` where no attempt was answered. Neither address nor headers are in the message.
 */
export async function requestBytes(
  fetch: Fetch,
  request: { readonly url: string; readonly init?: RequestInit },
  options: RequestOptions = {},
): Promise<AnsweredBytes> {
  const { attempts = 4, timeoutMs = 30_000 } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await fetch(request.url, { ...request.init, signal });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (request.init?.method !== "HEAD") checkLength(answer, bytes);
      if (answer.status < 500 || attempt >= attempts) {
        return { status: answer.status, headers: answer.headers, bytes };
      }
    } catch (cause) {
      if (attempt >= attempts) throw unreachable(cause, attempts);
    }
    await pauseBefore(attempt + 1, options);
  }
}

/**
 * Waits before another attempt: a random time of up to 0.25 s, doubled with every attempt, at most 8 s.
 *
 * @param attempt The attempt that follows, from 2.
 * @param options Chance and how to wait.
 */
export async function pauseBefore(attempt: number, options: RequestOptions): Promise<void> {
  const { random = Math.random, wait = sleep } = options;
  await wait(random() * Math.min(8000, 250 * 2 ** (attempt - 2)));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// Some runtimes hand out a body that was cut short as if it were whole.
function checkLength(answer: Response, bytes: Uint8Array): void {
  const told = answer.headers.get("content-length");
  if (told === null || answer.headers.has("content-encoding")) return;
  if (Number(told) !== bytes.length)
    throw new TypeError(`The body ended after ${bytes.length} of ${told} bytes`);
}

function unreachable(cause: unknown, attempts: number): FutagoError {
  const late = cause instanceof Error && (cause.name === "TimeoutError" || cause.name === "AbortError");
  return new FutagoError(
    "storage_failed",
    `Cannot reach the storage as it must answer: current answer is ${late ? "none in time" : "a broken connection"}, ` +
      `${attempts} times; check its address and the network`,
    { cause, details: { reason: late ? "timeout" : "network" } },
  );
}
