import { mkdir, rename, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "rolldown";

/** Where functions import our code from; the underscore tells Supabase that it is no function. */
export const edgeBundle = "supabase/functions/_shared/futago.js";

const sources = fileURLToPath(new URL("../src/", import.meta.url));
const withoutOpenApi = fileURLToPath(new URL("../apps/edge/without-openapi.ts", import.meta.url));

/**
 * Bundles `apps/edge/main.ts` with every package it uses into one ESM file that Deno runs as it is.
 *
 * @param file Where to.
 * @returns The paths of the modules that went into it.
 */
export async function bundleEdge(file: string = edgeBundle): Promise<readonly string[]> {
  const { output } = await build({
    input: "apps/edge/main.ts",
    platform: "neutral",
    resolve: { mainFields: ["module", "main"], conditionNames: ["import", "default"] },
    // Importing a module of ours does nothing: what nobody uses is left out, with all that it would define.
    treeshake: { moduleSideEffects: (id) => (id.startsWith(sources) ? false : undefined) },
    plugins: [edgeModules()],
    transform: {
      // What Node has for everybody: Supabase's runtime has it only for packages (supabase/edge-runtime#513).
      inject: {
        Buffer: ["node:buffer", "Buffer"],
        clearImmediate: ["node:timers", "clearImmediate"],
        setImmediate: ["node:timers", "setImmediate"],
      },
      // postgres.js looks for PGHOST and the like, which nobody sets here: asking would load all of Node's `process`.
      define: { "process.env": "{}" },
    },
    write: false,
    output: {
      format: "esm",
      minify: true,
      sourcemap: false,
      codeSplitting: false,
    },
    logLevel: "warn",
  });
  await mkdir(dirname(file), { recursive: true });
  // Whole or not at all, as another process may be importing it.
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, output[0].code);
  await rename(temporary, file);
  return Object.entries(output[0].modules)
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([id]) => id);
}

/** Node's modules as Deno has them; of files there are none on the edge, and no description of the interface. */
function edgeModules(): Plugin {
  return {
    name: "edge-modules",
    resolveId: (id) => {
      if (id === "@hono/zod-openapi") return { id: withoutOpenApi };
      if (!isBuiltin(id)) return undefined;
      const name = id.startsWith("node:") ? id : `node:${id}`;
      // postgres.js reads files where it is asked to run one (`sql.file`); nothing here asks.
      return name === "node:fs" ? { id: "\0no-files" } : { id: name, external: true };
    },
    load: (id) => (id === "\0no-files" ? "export default {};" : undefined),
  };
}
