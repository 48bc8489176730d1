/** Environment variables by name, as `Deno.env.toObject()` gives them. */
export type EdgeEnv = Readonly<Record<string, string | undefined>>;

/** Where an edge function finds its database and its models. */
export interface EdgeSettings {
  readonly databaseUrl: string;
  /** Authorities, as PEM, that may sign the database's certificate beside those that the platform knows. */
  readonly databaseCaCerts?: readonly string[];
  readonly storage: { readonly url: string; readonly key: string; readonly bucket: string };
  /** How long a query may take, in milliseconds. */
  readonly queryTimeoutMs: number;
  /** Most liked items that are kept for the time without the database. */
  readonly memoryItems: number;
}

/**
 * Reads what Supabase gives every function by itself: `SUPABASE_URL`, `SUPABASE_DB_URL`, and a secret key as
 * `SUPABASE_SECRET_KEY`, `SUPABASE_SECRET_KEYS` (`{"default": "sb_secret_…"}`) or `SUPABASE_SERVICE_ROLE_KEY`. Ours are
 * `FUTAGO_DB_URL`, for another pooler than the platform's, `FUTAGO_DB_CA`, `FUTAGO_BUCKET` (`futago-models`),
 * `FUTAGO_QUERY_TIMEOUT_MS` (2000) and `FUTAGO_MEMORY_ITEMS` (0: a worker lives for minutes, and another one hears of
 * take-downs).
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
    ...(env["FUTAGO_DB_CA"] ? { databaseCaCerts: [env["FUTAGO_DB_CA"]] } : {}),
    storage: {
      url: required("SUPABASE_URL", env["SUPABASE_URL"]),
      key: required("SUPABASE_SECRET_KEYS", key),
      bucket: env["FUTAGO_BUCKET"] || "futago-models",
    },
    queryTimeoutMs: whole(env, "FUTAGO_QUERY_TIMEOUT_MS", { otherwise: 2000, min: 1, max: 600_000 }),
    memoryItems: whole(env, "FUTAGO_MEMORY_ITEMS", { otherwise: 0, min: 0, max: 1000 }),
  };
}

function whole(
  env: EdgeEnv,
  name: string,
  { otherwise, min, max }: { readonly otherwise: number; readonly min: number; readonly max: number },
): number {
  const value = Number(env[name] || otherwise);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(
    `Cannot start the function as ${name} must be a whole number from ${min} to ${max}: it is not`,
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
