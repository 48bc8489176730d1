import type { JWK } from "jose";
import type { Clock } from "../../base/mod.ts";
import type { CorsOptions } from "../cors.ts";
import type { Authenticator } from "./caller.ts";
import { createAuthenticator } from "./create-authenticator.ts";
import type { RateLimit } from "./rate-limiter.ts";
import type { JwtOptions } from "./token-verifier.ts";

/** Environment variables by name. */
export type AuthEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * How a service is protected, from environment variables; `docs/serving.md` has each. On Supabase the platform's own are
 * understood too, so that a function needs none.
 *
 * @param env For example `process.env`, or `Deno.env.toObject()`.
 * @param platform Clock and fetch.
 * @returns What `ServiceDeps` takes. No `authenticator` where nothing names a key: then the service must be out of
 * everybody else's reach.
 * @throws RangeError For a variable that cannot be meant.
 *
 * @example
 * ```ts
 * import { authFromEnv } from "futago";
 * const { rateLimit } = authFromEnv({ FUTAGO_API_KEY: "k1, k2", FUTAGO_RATE_LIMIT: "60" }, { clock: Date, fetch });
 * rateLimit; // {"perMinute": 60}
 * ```
 */
export function authFromEnv(
  env: AuthEnvironment,
  platform: { readonly clock: Clock; readonly fetch: typeof globalThis.fetch },
): {
  readonly authenticator?: Authenticator;
  readonly cors?: CorsOptions;
  readonly rateLimit?: RateLimit;
} {
  const serviceKeys = [
    ...new Set([
      ...list(env["FUTAGO_API_KEY"]),
      ...list(env["SUPABASE_SECRET_KEY"]),
      ...namedKeys(env["SUPABASE_SECRET_KEYS"]),
      ...list(env["SUPABASE_SERVICE_ROLE_KEY"]),
    ]),
  ];
  const jwt = jwtFrom(env);
  const origins = list(env["FUTAGO_CORS_ORIGINS"]);
  const perMinute = perMinuteFrom(env, "FUTAGO_RATE_LIMIT");
  const servicePerMinute = perMinuteFrom(env, "FUTAGO_SERVICE_RATE_LIMIT");
  if (perMinute === undefined && servicePerMinute !== undefined) {
    throw new RangeError("Cannot limit service keys alone as FUTAGO_RATE_LIMIT must be there, too: set it");
  }
  return {
    ...(serviceKeys.length === 0 && jwt === undefined
      ? {}
      : {
          authenticator: createAuthenticator({
            ...platform,
            serviceKeys,
            ...(jwt === undefined ? {} : { jwt }),
          }),
        }),
    ...(origins.length === 0 ? {} : { cors: { origins } }),
    ...(perMinute === undefined
      ? {}
      : { rateLimit: { perMinute, ...(servicePerMinute === undefined ? {} : { servicePerMinute }) } }),
  };
}

function jwtFrom(env: AuthEnvironment): JwtOptions | undefined {
  const project = text(env["SUPABASE_URL"])?.replace(/\/+$/, "");
  const auth = project === undefined ? undefined : `${project}/auth/v1`;
  const ownUrl = text(env["FUTAGO_JWKS_URL"]);
  const url = ownUrl ?? (auth === undefined ? undefined : `${auth}/.well-known/jwks.json`);
  const secret = text(env["FUTAGO_JWT_SECRET"]);
  if (url === undefined && secret === undefined) {
    for (const name of ["FUTAGO_JWT_ISSUER", "FUTAGO_JWT_AUDIENCE", "FUTAGO_AGE_CLAIM"]) {
      if (text(env[name]) === undefined) continue;
      throw new RangeError(
        `Cannot heed ${name} as there must be keys to check tokens with: set FUTAGO_JWKS_URL, SUPABASE_URL or FUTAGO_JWT_SECRET`,
      );
    }
    return undefined;
  }
  if (url !== undefined && !URL.canParse(url)) {
    throw new RangeError(`Cannot fetch keys as their address must be a URL: current value is "${url}"`);
  }
  // The platform's copy of the project's keys spares a cold start the fetch.
  const keys = ownUrl === undefined ? jwksFrom(env["SUPABASE_JWKS"]) : undefined;
  const issuer = text(env["FUTAGO_JWT_ISSUER"]) ?? (ownUrl === undefined ? auth : undefined);
  const audience = text(env["FUTAGO_JWT_AUDIENCE"]);
  const ageClaim = text(env["FUTAGO_AGE_CLAIM"]);
  return {
    ...(url === undefined ? {} : { jwks: { url, ...(keys === undefined ? {} : { keys }) } }),
    ...(secret === undefined ? {} : { secret }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    ...(ageClaim === undefined ? {} : { ageClaim }),
  };
}

function text(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === "" ? undefined : trimmed;
}

function list(value: string | undefined): string[] {
  return (value ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** `{"default": "sb_secret_…"}`, as the platform writes it. */
function namedKeys(value: string | undefined): string[] {
  const keys = json(value);
  if (typeof keys !== "object" || keys === null) return [];
  return Object.values(keys).filter((key): key is string => typeof key === "string" && key !== "");
}

function jwksFrom(value: string | undefined): readonly JWK[] | undefined {
  const set = json(value);
  const keys: unknown = Array.isArray(set) ? set : (set as { keys?: unknown } | null | undefined)?.keys;
  return Array.isArray(keys) && keys.length > 0 ? (keys as JWK[]) : undefined;
}

// What the platform writes is a help, never a condition: unreadable, it is as if it were not there.
function json(value: string | undefined): unknown {
  try {
    return JSON.parse(value ?? "null") as unknown;
  } catch {
    return undefined;
  }
}

function perMinuteFrom(env: AuthEnvironment, name: string): number | undefined {
  const value = text(env[name]);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new RangeError(
    `Cannot limit requests as ${name} must be a whole number from 1, per minute: current value is "${value}"`,
  );
}
