export { checkBlobPath } from "./blob-path.ts";
export type { BlobStore } from "./blob-store.ts";
export { CircuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker.ts";
export type { Clock } from "./clock.ts";
export type { Csr } from "./csr.ts";
export { FutagoError, type FutagoErrorCode, type FutagoErrorOptions, isFutagoError } from "./errors.ts";
export { canonicalJson, digestHex, sha256Hex } from "./hash.ts";
export { createMemoryBlobStore } from "./memory-blob-store.ts";
export { isOutOfMemory } from "./out-of-memory.ts";
export { type Progress, type ProgressTask, silentProgress } from "./progress.ts";
export { createRandom, type Random, restoreRandom } from "./random.ts";
export {
  type AnsweredBytes,
  type Fetch,
  pauseBefore,
  type RequestOptions,
  requestBytes,
} from "./request-bytes.ts";
export { within } from "./within.ts";
