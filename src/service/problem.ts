import { type FutagoErrorCode, isFutagoError } from "../base/mod.ts";

/** One thing that is wrong with a request's body. */
export interface ProblemIssue {
  /** Where: `events[3].video_id`; empty for the whole body. */
  readonly path: string;
  readonly expected: string;
  /** What stood there, cut to 80 characters. */
  readonly received: string;
}

/** What the service itself refuses, besides `FutagoError` codes. */
export type ProblemCode =
  | FutagoErrorCode
  | "body_too_large"
  | "forbidden"
  | "internal"
  | "invalid_request"
  | "method_not_allowed"
  | "not_configured"
  | "rate_limited"
  | "unknown_item"
  | "unsupported_media_type";

/** What a {@link Problem} may say besides its message. */
export interface ProblemOptions {
  readonly issues?: readonly ProblemIssue[];
  /** Headers of the answer, such as `allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal that a handler decides on; everything else that is thrown is mapped by {@link problemOf}. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly issues: readonly ProblemIssue[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, message: string, options: ProblemOptions = {}) {
    super(message);
    this.code = code;
    this.issues = options.issues ?? [];
    this.headers = options.headers ?? {};
  }
}

/** The one table from error to HTTP status. `says` replaces the message where it might tell a stranger too much. */
const table: Readonly<Record<ProblemCode, { readonly status: number; readonly says?: string }>> = {
  address_in_use: { status: 500, says: "Something went wrong here" },
  age_not_confirmed: { status: 403 },
  auth_unavailable: { status: 503 },
  body_too_large: { status: 413 },
  bundle_corrupt: { status: 503, says: "The model cannot be opened" },
  bundle_missing: { status: 503, says: "The model cannot be opened" },
  cancelled: { status: 503, says: "The work was cancelled: ask again" },
  checkpoint_mismatch: { status: 500, says: "Something went wrong here" },
  database_busy: { status: 503, says: "The database is busy: ask again" },
  database_read_only: { status: 503, says: "The database takes no changes now: ask again" },
  database_unreachable: { status: 503, says: "The database cannot be reached: ask again" },
  device_unavailable: { status: 503, says: "The model cannot be run" },
  forbidden: { status: 403 },
  import_rejected: { status: 422 },
  integrity_broken: { status: 500 },
  internal: { status: 500, says: "Something went wrong here" },
  invalid_request: { status: 400 },
  method_not_allowed: { status: 405 },
  migration_changed: { status: 503, says: "The database cannot be used" },
  model_missing: { status: 503 },
  model_unsupported: { status: 503, says: "The model cannot be opened" },
  not_configured: { status: 503 },
  not_found: { status: 404 },
  out_of_memory: { status: 503, says: "There is not enough memory now: ask again" },
  parity_failed: { status: 503, says: "The model cannot be opened" },
  rate_limited: { status: 429 },
  source_exhausted: { status: 503, says: "The source has answered enough for now: ask again later" },
  source_rejected: { status: 502, says: "The source refused to answer" },
  source_unreadable: { status: 422 },
  storage_failed: { status: 503, says: "The storage cannot be reached: ask again" },
  unauthorized: { status: 401 },
  unknown_item: { status: 422 },
  unsupported_media_type: { status: 415 },
};

/** An error as the caller sees it. */
export interface ProblemAnswer {
  readonly status: number;
  readonly code: ProblemCode;
  readonly message: string;
  readonly issues: readonly ProblemIssue[];
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The status of a code.
 *
 * @param code Any.
 * @returns 400-599.
 */
export function statusOf(code: ProblemCode): number {
  return table[code].status;
}

/**
 * Maps whatever was thrown to what the caller sees.
 *
 * @param error What was caught.
 * @returns Status, code and message; of something unforeseen only that it happened.
 */
export function problemOf(error: unknown): ProblemAnswer {
  const known = error instanceof Problem || isFutagoError(error);
  // A FutagoError of another copy of this package may carry a code that this one does not know.
  const code = known && Object.hasOwn(table, error.code) ? error.code : "internal";
  const { status, says } = table[code];
  return {
    status,
    code,
    message: says ?? (error as Error).message,
    issues: error instanceof Problem ? error.issues : [],
    // RFC 9110, section 15.5.2: an answer of 401 says how to prove who one is.
    headers:
      error instanceof Problem ? error.headers : status === 401 ? { "www-authenticate": "Bearer" } : {},
  };
}
