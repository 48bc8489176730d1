/** Environment variables by name, as `Deno.env.toObject()` gives them. */
export type EdgeEnv = Readonly<Record<string, string | undefined>>;

/** Where an edge function finds its database and its models. */
export interface EdgeSettings {
  readonly databaseUrl: string;
  readonly storage: { readonly url: string; readonly key: string; readonly bucket: string };
  /** How long a query may take, in milliseconds. */
  readonly queryTimeoutMs: number;
}

/**
 * Reads what Supabase gives every function by itself: `SUPABASE_URL`, `SUPABASE_DB_URL`, and a secret key as
 * `SUPABASE_SECRET_KEY`, `SUPABASE_SECRET_KEYS` (`{"default": "sb_secret_…"}`) or `SUPABASE_SERVICE_ROLE_KEY`. Ours are
 * `FUTAGO_DB_URL`, for another pooler than the platform's, `FUTAGO_BUCKET` (`futago-models`) and
 * `FUTAGO_QUERY_TIMEOUT_MS` (2000).
 *
 * @param env The environment.
 * @returns The settings.
 * @throws TypeError naming the variable that is missing, RangeError naming one that cannot be meant; never a value.
 */
export function readEdgeSettings(env: EdgeEnv): EdgeSettings {
  const key =
    env["SUPABASE_SECRET_KEY"] || firstKey(env["SUPABASE_SECRET_KEYS"]) || env["SUPABASE_SERVICE_ROLE_KEY"];
  return {
    databaseUrl: required("SUPABASE_DB_URL", env["FUTAGO_DB_URL"] || env["SUPABASE_DB_URL"]),
    storage: {
      url: required("SUPABASE_URL", env["SUPABASE_URL"]),
      key: required("SUPABASE_SECRET_KEYS", key),
      bucket: env["FUTAGO_BUCKET"] || "futago-models",
    },
    queryTimeoutMs: timeout("FUTAGO_QUERY_TIMEOUT_MS", env["FUTAGO_QUERY_TIMEOUT_MS"] || "2000"),
  };
}

function timeout(name: string, value: string): number {
  const milliseconds = Number(value);
  if (Number.isInteger(milliseconds) && milliseconds >= 1 && milliseconds <= 600_000) return milliseconds;
  throw new RangeError(
    `Cannot start the function as ${name} must be a whole number from 1 to 600000: it is not`,
  );
}

function required(name: string, value: string | undefined): string {
  if (value) return value;
  throw new TypeError(
    `Cannot start the function as ${name} must be set: it is missing; Supabase sets it by itself, elsewhere set it with the function's secrets`,
  );
}

function firstKey(json: string | undefined): string | undefined {
  if (!json) return undefined;
  try {
    const keys: unknown = JSON.parse(json);
    if (typeof keys !== "object" || keys === null) return undefined;
    const named = keys as Readonly<Record<string, unknown>>;
    const key = named["default"] ?? Object.values(named)[0];
    return typeof key === "string" ? key : undefined;
  } catch {
    return undefined;
  }
}
