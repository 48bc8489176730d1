import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
// The programs themselves, as their launcher in `.bin` does not pass a signal on, and what it started would go on for ever.
const programOf = (name: string): string =>
  (require(`${name}/install_api.cjs`) as { runInstall(): string }).runInstall();

/** The Deno that the project is tested with. */
export const deno: string = programOf("deno");

/** The Deno that Supabase's edge runtime says it is compatible with: what functions run in, in tests and benchmarks. */
export const supabaseDeno: string = programOf("deno-of-supabase");
