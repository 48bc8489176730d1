import type { CryptoKey, JSONWebKeySet, JWK, JWSHeaderParameters } from "jose";
import { createLocalJWKSet, errors } from "jose";
import { type Clock, FutagoError } from "../../base/mod.ts";

/** Where the public keys of a token's issuer are. At least one of `url` and `keys`. */
export interface KeySetOptions {
  /** A JWKS, for example `https://PROJECT.supabase.co/auth/v1/.well-known/jwks.json`. */
  readonly url?: string;
  /** Keys that are known beforehand: with `url` they spare the first request the fetch. */
  readonly keys?: readonly JWK[];
  /** How long one fetch may take, in milliseconds. @default 3000 */
  readonly timeoutMs?: number;
}

/** Finds the key that a token says it is signed with. */
export type FindKey = (header: JWSHeaderParameters) => Promise<CryptoKey>;

/** Keys older than this are fetched again, so that one that was withdrawn does not open doors for long. */
const maxAgeMs = 600_000;
/** Nobody makes us fetch more often than this, whatever `kid` they make up. */
const cooldownMs = 30_000;
/** The same, where the last fetch failed. */
const retryMs = 5_000;

/**
 * The public keys of an issuer, fetched when needed and kept. A `kid` that is not among them makes them be fetched
 * again, at most every 30 s; while that fails, the keys that are known stay good. (jose's own `createRemoteJWKSet`
 * reads the process's clock, and knows no key any more once a fetch has failed.)
 *
 * @param options Where they are.
 * @param platform Clock and fetch.
 * @returns Finds a key; fails with FutagoError `auth_unavailable` where it might exist but cannot be fetched, and with
 * jose's errors where it does not.
 */
export function createKeySet(
  options: KeySetOptions,
  { clock, fetch }: { readonly clock: Clock; readonly fetch: typeof globalThis.fetch },
): FindKey {
  const { url, keys, timeoutMs = 3000 } = options;
  let find = keys === undefined ? undefined : createLocalJWKSet(usable({ keys }));
  let fetchedAt = keys === undefined ? Number.NEGATIVE_INFINITY : clock.now();
  let triedAt = Number.NEGATIVE_INFINITY;
  let failed = false;
  let trying: Promise<void> | undefined;

  async function load(): Promise<void> {
    triedAt = clock.now();
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url!, {
        headers: { accept: "application/json" },
        redirect: "error",
        signal,
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      find = createLocalJWKSet(usable(await response.json()));
      fetchedAt = clock.now();
      failed = false;
    } catch {
      failed = true;
    }
  }

  /** Fetches, or waits for the fetch under way; undefined where it is too early for another. */
  function reload(): Promise<void> | undefined {
    if (trying !== undefined) return trying;
    if (url === undefined || clock.now() - triedAt < (failed ? retryMs : cooldownMs)) return undefined;
    trying = load().finally(() => {
      trying = undefined;
    });
    return trying;
  }

  return async (header) => {
    if (find === undefined) await reload();
    else if (clock.now() - fetchedAt >= maxAgeMs) {
      // Who finds them old waits for new ones; where that has just failed, nobody waits in vain.
      const inVain = failed;
      const fetching = reload();
      if (!inVain) await fetching;
    }
    try {
      if (find !== undefined) return await find(header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await reload();
      if (!failed) return find!(header);
    }
    throw new FutagoError(
      "auth_unavailable",
      "Cannot check the token as the keys of its issuer must be known: they cannot be fetched; ask again",
    );
  };
}

// Only public keys of the two signatures that are accepted: whatever else is in the set can never verify anything.
function usable(set: unknown): JSONWebKeySet {
  const keys: unknown = typeof set === "object" && set !== null && "keys" in set ? set.keys : undefined;
  if (!Array.isArray(keys)) throw new TypeError("Cannot read the keys as they must be a JSON Web Key Set");
  return {
    keys: (keys as (JWK | null)[]).filter(
      (key): key is JWK => key?.kty === "RSA" || (key?.kty === "EC" && key.crv === "P-256"),
    ),
  };
}
