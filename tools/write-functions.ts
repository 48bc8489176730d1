import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tinyService } from "../tests/tiny-service.ts";
import { functionFolders, supabaseFolder } from "./function-folders.ts";

const route = "/functions/v1/";
const heading = `# What \`supabase\` needs to know of the functions. Written by \`npm run functions\`: one section for each route.
#
# verify_jwt is off, as the platform's check is none of ours: it lets API keys through, publishable ones too, and cannot
# tell one viewer from another. Each function verifies the token itself, against the project's JWKS, and knows from it
# who may ask what.
`;

/**
 * The routes of the service that functions answer.
 *
 * @returns Their names, sorted.
 */
export async function functionNames(): Promise<readonly string[]> {
  const { body } = await tinyService().send("/openapi.json", {});
  const paths = Object.keys(body["paths"] as object);
  return paths
    .filter((path) => path.startsWith(route))
    .map((path) => path.slice(route.length))
    .sort();
}

/**
 * The files of all functions as they must be.
 *
 * @param names Of the functions.
 * @returns Text by path below `supabase/`.
 */
export function functionFiles(names: readonly string[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const name of names) {
    files.set(`functions/${name}/index.ts`, entry(name));
    files.set(`functions/${name}/deno.json`, '{\n  "imports": {}\n}\n');
  }
  files.set("config.toml", [heading, ...names.map(section)].join("\n"));
  return files;
}

function entry(name: string): string {
  return `import { createEdgeFunction } from "../_shared/${name}.js";

export default createEdgeFunction({
  name: "${name}",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
`;
}

function section(name: string): string {
  return `[functions.${name}]
enabled = true
verify_jwt = false
import_map = "./functions/${name}/deno.json"
entrypoint = "./functions/${name}/index.ts"
`;
}

if (import.meta.main) {
  const names = await functionNames();
  const files = functionFiles(names);
  mkdirSync(join(supabaseFolder, "functions"), { recursive: true });
  for (const name of functionFolders()) {
    if (!names.includes(name)) rmSync(join(supabaseFolder, "functions", name), { recursive: true });
  }
  for (const [path, text] of files) {
    mkdirSync(join(supabaseFolder, path, ".."), { recursive: true });
    writeFileSync(join(supabaseFolder, path), text);
  }
  console.log(`${names.length} functions: ${names.join(", ")}`);
}
