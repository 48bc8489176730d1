/** What can go wrong outside the caller's control; the service maps each to an HTTP status in one table. */
export type FutagoErrorCode =
  | "address_in_use"
  | "age_not_confirmed"
  | "auth_unavailable"
  | "bundle_corrupt"
  | "bundle_missing"
  | "cancelled"
  | "checkpoint_mismatch"
  | "database_busy"
  | "database_read_only"
  | "database_unreachable"
  | "device_unavailable"
  | "import_rejected"
  | "integrity_broken"
  | "migration_changed"
  | "model_missing"
  | "model_unsupported"
  | "not_found"
  | "out_of_memory"
  | "parity_failed"
  | "source_exhausted"
  | "source_rejected"
  | "source_unreadable"
  | "storage_failed"
  | "unauthorized";

/** Options of {@link FutagoError}. */
export interface FutagoErrorOptions {
  /** The failure underneath, if any. */
  readonly cause?: unknown;
  /** Facts a program may act on. Never personal data, never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The world failed: a file, a database, a device, a model. A mistake of the caller is a `TypeError` or
 * `RangeError` instead, and a bad row of data is an issue, never an exception.
 *
 * The message says what was attempted, the rule, the current value, and what to do next.
 *
 * @example
 * ```ts
 * import { FutagoError, isFutagoError } from "futago";
 * const error = new FutagoError("not_found", 'Cannot open version "v9" as it is not registered: run futago models list');
 * isFutagoError(error) && error.code; // "not_found"
 * ```
 */
export class FutagoError extends Error {
  override readonly name = "FutagoError";
  readonly code: FutagoErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  // A brand instead of instanceof: two copies of the package may meet in one process.
  readonly __isFutagoError = true;

  constructor(code: FutagoErrorCode, message: string, options: FutagoErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = Object.freeze({ ...options.details });
  }
}

/**
 * Whether a caught value is a {@link FutagoError}, also one of another copy of this package.
 *
 * @param value What was caught.
 * @returns True where `value.code` may be read.
 */
export function isFutagoError(value: unknown): value is FutagoError {
  return typeof value === "object" && value !== null && "__isFutagoError" in value;
}
