import { Command } from "commander";
import { action, withSharedOptions } from "../context.ts";
import { wholeNumber } from "../option-values.ts";
import { serveWithBounds } from "../serving.ts";

interface Options {
  readonly port?: number;
  readonly host?: string;
  readonly quiet?: boolean;
  readonly logDir?: string;
}

/**
 * `futago serve`.
 *
 * @returns The command.
 */
export function serveCommand(): Command {
  const command = new Command("serve")
    .description("Answer over HTTP from the active model")
    .option("--port <n>", "port (default: $PORT, else 8787)", wholeNumber({ min: 0, max: 65_535 }))
    .option(
      "--host <address>",
      "address (default: $HOST, else 127.0.0.1; others only where callers are known)",
    )
    .option("--log-dir <directory>", "write the log there, a file a day, kept for a week (default: stderr)")
    .addHelpText(
      "after",
      `
Who may ask (docs/serving.md has more):
  FUTAGO_API_KEY             keys of the application, with commas; without any of these everybody on this machine
  FUTAGO_JWKS_URL            public keys of the issuer of viewers' tokens; or SUPABASE_URL: those of the project
  FUTAGO_JWT_SECRET          the shared secret of a legacy project
  FUTAGO_JWT_ISSUER, FUTAGO_JWT_AUDIENCE, FUTAGO_AGE_CLAIM
  FUTAGO_CORS_ORIGINS        web pages that may ask from a browser, with commas
  FUTAGO_RATE_LIMIT          requests a minute of each viewer; FUTAGO_SERVICE_RATE_LIMIT: of each key

How answers vary where a request does not say:
  FUTAGO_DIVERSITY           0 (the default) to 1; FUTAGO_DIVERSITY_METHOD: mmr or dpp
  FUTAGO_MAX_PER_MAKER, FUTAGO_MAX_PER_PERFORMER
  FUTAGO_VALUE               what ranks beside similarity, such as similarity=1,nope=-0.1 (default: nothing)
  FUTAGO_EXPLORE             share of an answer that new videos are given, 0 (the default) to 1

Examples:
  futago serve
  PORT=9000 futago serve --db-url postgres://localhost/futago
  FUTAGO_API_KEY=… futago serve --host 0.0.0.0
  FUTAGO_API_KEY=… FUTAGO_JWKS_URL=https://issuer.example/jwks.json FUTAGO_RATE_LIMIT=60 futago serve --host 0.0.0.0`,
    );
  return withSharedOptions(command).action(
    action<Options>((context, options) => serveWithBounds(context, options)),
  );
}
