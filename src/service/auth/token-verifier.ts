import type { JWTPayload } from "jose";
import { decodeProtectedHeader, errors, jwtVerify } from "jose";
import type { Clock } from "../../base/mod.ts";
import { FutagoError, isFutagoError } from "../../base/mod.ts";
import { userId } from "../wire.ts";
import type { Caller } from "./caller.ts";
import { createKeySet, type KeySetOptions } from "./key-set.ts";

/** Which tokens prove who somebody is. At least one of `jwks` and `secret`. */
export interface JwtOptions {
  /** Public keys of the issuer: tokens signed by ES256 or RS256. */
  readonly jwks?: KeySetOptions;
  /** The shared secret of a legacy project, 32 characters or more: tokens signed by HS256. */
  readonly secret?: string;
  /** What `iss` must be. @default anything that the keys have signed */
  readonly issuer?: string;
  /** What `aud` must be or contain. @default "authenticated" */
  readonly audience?: string;
  /**
   * The claim that proves a viewer's age by being `true`, its name or its path with dots. Never one that viewers may
   * write themselves, such as `user_metadata`. @default "app_metadata.age_confirmed"
   */
  readonly ageClaim?: string;
  /** How far the issuer's clock may be off, in seconds. @default 30 */
  readonly clockSkewSeconds?: number;
}

/** Checks a JSON Web Token; throws FutagoError `unauthorized` or `auth_unavailable`. */
export type VerifyToken = (token: string) => Promise<Caller>;

/**
 * Verifies JSON Web Tokens (RFC 7519, with the precautions of RFC 8725). The algorithm decides which kind of key may
 * verify: HS256 only ever meets the secret, ES256 and RS256 only ever the public keys, and nothing else is accepted.
 *
 * @param options Keys and claims.
 * @param platform Clock and fetch.
 * @returns Checks a token.
 * @throws RangeError For neither keys nor secret, a short secret, or an age claim that viewers write themselves.
 */
export function createTokenVerifier(
  options: JwtOptions,
  platform: { readonly clock: Clock; readonly fetch: typeof globalThis.fetch },
): VerifyToken {
  const { jwks, issuer, audience = "authenticated", clockSkewSeconds = 30 } = options;
  const ageClaim = checkAgeClaim(options.ageClaim ?? "app_metadata.age_confirmed");
  const secret = secretBytes(options.secret);
  if (jwks?.url === undefined && jwks?.keys === undefined && secret === undefined) {
    throw new RangeError(
      "Cannot verify tokens as jwt must have keys: there are none; give jwks.url, jwks.keys or secret",
    );
  }
  const findKey = jwks === undefined ? undefined : createKeySet(jwks, platform);

  async function verified(token: string): Promise<{ alg: string; payload: JWTPayload }> {
    const { alg = "none" } = decodeProtectedHeader(token);
    const common = {
      algorithms: [alg],
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(platform.clock.now()),
      requiredClaims: ["exp"],
    };
    if (alg === "HS256" && secret !== undefined) {
      return { alg, payload: (await jwtVerify(token, secret, common)).payload };
    }
    if ((alg === "ES256" || alg === "RS256") && findKey !== undefined) {
      return { alg, payload: (await jwtVerify(token, findKey, common)).payload };
    }
    throw refused("be signed by an accepted algorithm: it is not");
  }

  return async (token) => {
    const { alg, payload } = await verified(token).catch((error: unknown) => {
      throw isFutagoError(error) ? error : refused(reasonOf(error));
    });
    const role = payload["role"];
    // The key of a legacy project: neither audience nor subject, and only the project's own secret can sign it.
    if (role === "service_role" && alg === "HS256") return { kind: "service" };
    if (role !== undefined && role !== "authenticated") {
      throw refused("be of somebody signed in: it is not; sign in and send the session's token");
    }
    if (issuer !== undefined && payload.iss !== issuer)
      throw refused("be of the configured issuer: it is not");
    if (![payload.aud].flat().includes(audience)) throw refused("be for the configured audience: it is not");
    const subject = userId.safeParse(payload.sub);
    if (!subject.success) throw refused("name its subject: it does not");
    return {
      kind: "viewer",
      personId: subject.data,
      ageConfirmed: claimAt(payload, ageClaim) === true,
    };
  };
}

function refused(rule: string): FutagoError {
  return new FutagoError("unauthorized", `Cannot answer as the token must ${rule}`);
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "be valid now: it has expired; sign in again";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === "nbf" ? "be valid now: it is not yet" : "have the claims it needs: it has not";
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) {
    return "be signed with a known key: it is not";
  }
  return "be a JSON Web Token: it cannot be read";
}

function secretBytes(secret: string | undefined): Uint8Array | undefined {
  if (secret === undefined) return undefined;
  // RFC 7518, section 3.2: a key as long as the hash at least.
  if (secret.length < 32) {
    throw new RangeError(
      `Cannot verify tokens as the secret must have 32 characters or more: it has ${secret.length}; HS256 with less can be guessed`,
    );
  }
  return new TextEncoder().encode(secret);
}

function checkAgeClaim(path: string): string {
  if (path !== "" && !/user_meta/i.test(path)) return path;
  throw new RangeError(
    `Cannot trust "${path}" as the age claim must be one that viewers cannot write themselves: name one of app_metadata`,
  );
}

function claimAt(payload: JWTPayload, path: string): unknown {
  // A name may itself have dots: "https://example.com/age_confirmed".
  if (Object.hasOwn(payload, path)) return payload[path];
  let at: unknown = payload;
  for (const name of path.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}
