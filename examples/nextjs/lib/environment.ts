import "server-only";

// Written out one by one: Next puts NEXT_PUBLIC_ values in at build time only where they are named.
export const supabaseUrl = required("NEXT_PUBLIC_SUPABASE_URL", process.env["NEXT_PUBLIC_SUPABASE_URL"]);
export const publishableKey = required(
  "NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY",
  process.env["NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY"],
);
export const secretKey = required("SUPABASE_SECRET_KEY", process.env["SUPABASE_SECRET_KEY"]);
/** The server's FUTAGO_API_KEY; where Futago runs as edge functions, the project's secret key. */
export const futagoKey = process.env["FUTAGO_API_KEY"] || secretKey;
export const futagoUrl = required("FUTAGO_URL", process.env["FUTAGO_URL"]);

function required(name: string, value: string | undefined): string {
  if (value !== undefined && value !== "") return value;
  throw new Error(`Cannot start as ${name} must be set: see .env.example`);
}
