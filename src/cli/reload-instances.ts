import type { Command } from "commander";
import type { CliContext } from "./context.ts";

/** What an instance said when it was told to look for another version. */
export interface ReloadedInstance {
  readonly url: string;
  /** What it answers with now; absent where it could not be told. */
  readonly version?: string | null;
  readonly error?: string;
}

/** What {@link withReloadUrl} declares. */
export interface ReloadOptions {
  /** Where instances are: `https://api.example.com`, or the address of `reload_models` itself. */
  readonly reloadUrl?: readonly string[];
}

/**
 * Adds `--reload-url`.
 *
 * @param command Is changed in place.
 * @returns The same command.
 */
export function withReloadUrl(command: Command): Command {
  return command.option(
    "--reload-url <url...>",
    "instances to tell at once; those that listen to the database need not be told",
  );
}

/**
 * Tells instances that cannot listen to the database to look for another version now. One that cannot be reached finds
 * it by itself, within a second of its next request, so that is told and no failure.
 *
 * @param context The key is `FUTAGO_API_KEY`, `SUPABASE_SECRET_KEY` or `SUPABASE_SERVICE_ROLE_KEY`.
 * @param options Who is told.
 * @returns What each said, in the order of the addresses.
 */
export async function reloadInstances(
  { env, say }: CliContext,
  { reloadUrl = [] }: ReloadOptions,
): Promise<readonly ReloadedInstance[]> {
  // Of several keys, as while they are being changed, any is good.
  const own = env["FUTAGO_API_KEY"]?.split(",")[0]?.trim();
  const key = own || env["SUPABASE_SECRET_KEY"] || env["SUPABASE_SERVICE_ROLE_KEY"];
  const headers = {
    "content-type": "application/json",
    ...(key === undefined ? {} : { apikey: key }),
    // An older key is a token, which Supabase's gateway wants as one.
    ...(key?.startsWith("eyJ") ? { authorization: `Bearer ${key}` } : {}),
  };
  const instances = await Promise.all(
    reloadUrl.map(async (url): Promise<ReloadedInstance> => {
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
  for (const { url, version, error } of instances) {
    say(
      `${url}: ${error === undefined ? `answers with ${version}` : `not told, it will see by itself: ${error}`}`,
    );
  }
  return instances;
}
