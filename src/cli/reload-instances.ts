/** What an instance said when it was told to look for another version. */
export interface ReloadedInstance {
  readonly url: string;
  /** What it answers with now; absent where it could not be told. */
  readonly version?: string | null;
  readonly error?: string;
}

/** Options of {@link reloadInstances}. */
export interface ReloadOptions {
  /** Where they are: `https://api.example.com`, or the address of `reload_models` itself. */
  readonly urls: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof fetch;
}

/**
 * Tells instances that cannot listen to the database to look for another version now. One that cannot be reached finds
 * it by itself, within a second of its next request, so that is told and no failure.
 *
 * @param options Who is told; the key is `FUTAGO_API_KEY`, `SUPABASE_SECRET_KEY` or `SUPABASE_SERVICE_ROLE_KEY`.
 * @returns What each said, in the order of the addresses.
 */
export function reloadInstances(options: ReloadOptions): Promise<readonly ReloadedInstance[]> {
  const { urls, env, fetch } = options;
  const key = env["FUTAGO_API_KEY"] || env["SUPABASE_SECRET_KEY"] || env["SUPABASE_SERVICE_ROLE_KEY"];
  const headers = {
    "content-type": "application/json",
    ...(key === undefined ? {} : { apikey: key }),
    // An older key is a token, which Supabase's gateway wants as one.
    ...(key?.startsWith("eyJ") ? { authorization: `Bearer ${key}` } : {}),
  };
  return Promise.all(
    urls.map(async (url): Promise<ReloadedInstance> => {
      const path = url.includes("/reload_models") ? "" : "/functions/v1/reload_models";
      try {
        const answer = await fetch(url.replace(/\/+$/, "") + path, {
          method: "POST",
          headers,
          body: "{}",
          signal: AbortSignal.timeout(30_000),
        });
        const said = (await answer.json()) as { readonly model_version?: string | null };
        return answer.ok
          ? { url, version: said.model_version ?? null }
          : { url, error: `answered ${answer.status}` };
      } catch (error) {
        return { url, error: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}
