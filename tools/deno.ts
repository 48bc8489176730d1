import { createRequire } from "node:module";

const { runInstall } = createRequire(import.meta.url)("deno/install_api.cjs") as { runInstall(): string };

/**
 * The Deno that the project is tested with: the program itself, as its launcher in `.bin` does not pass a signal on, and
 * what it started would go on for ever.
 */
export const deno: string = runInstall();
