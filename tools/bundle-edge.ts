import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type OutputChunk, type Plugin } from "rolldown";

/** Where functions import our code from; the underscore tells Supabase that it is no function. */
export const edgeFolder = "supabase/functions/_shared";

/** What each function is made of: a route of the service, and what makes its dependencies. */
const functions: Readonly<Record<string, readonly [route: string, dependencies: string]>> = {
  blocks: ["blocks", "withRows"],
  confirm_age: ["confirmAge", "withRows"],
  dmm_content_sync: ["dmmContentSync", "withJobs"],
  erase_person: ["erasePerson", "withRows"],
  events: ["events", "withRows"],
  explain: ["explain", "withModels"],
  export_person: ["exportPerson", "withRows"],
  item_embedding: ["itemEmbedding", "withItemTower"],
  recommendations: ["recommendationsAlias", "withModels"],
  reload_models: ["reloadModels", "withModels"],
  run_jobs: ["runJobs", "withJobs"],
  takedown: ["takedown", "withRows"],
  taste: ["taste", "withRows"],
  two_tower_recommendations: ["recommendations", "withModels"],
  update_user_embedding: ["updateUserEmbedding", "withModels"],
  user_embedding_v2: ["userEmbedding", "withModels"],
};

/** One file of the bundle. */
export interface EdgeFile {
  /** Below the folder. */
  readonly path: string;
  readonly code: string;
  /** The paths of the modules that went into it. */
  readonly modules: readonly string[];
}

const root = fileURLToPath(new URL("../", import.meta.url));
const sources = join(root, "src/");
const withoutStreams = join(root, "apps/edge/without-streams.ts");
const timers = join(root, "apps/edge/timers.ts");
const entry = "\0function:";
const later = "\0later:";
const builder = "\0builder:";
const replaced: Readonly<Record<string, string>> = {
  // The smallest router, as a function has one route.
  hono: fileURLToPath(import.meta.resolve("hono/tiny")),
  "node:stream": withoutStreams,
  "cloudflare:sockets": withoutStreams,
  "./subscribe.js": join(root, "apps/edge/without-replication.ts"),
};
/**
 * What kysely makes and describes tables with, and merges rows: functions do none of it, and a tenth of the code that every one of
 * them would read is that. By file, the classes that it exports.
 */
const builders: Readonly<Record<string, readonly string[]>> = {
  "schema-module.js": ["SchemaModule"],
  "postgres-introspector.js": ["PostgresIntrospector"],
  "merge-query-builder.js": [
    "MatchedThenableMergeQueryBuilder",
    "MergeQueryBuilder",
    "NotMatchedThenableMergeQueryBuilder",
    "WheneableMergeQueryBuilder",
  ],
};

/**
 * Bundles every function with every package it uses into ESM files that Deno runs as they are: one for each function, and
 * parts that several import. What a function does not need is in none of its files, as it would be read and run before
 * the first answer.
 *
 * @param folder Where to.
 * @returns The files.
 */
export async function bundleEdge(folder: string = edgeFolder): Promise<readonly EdgeFile[]> {
  const { output } = await build({
    input: Object.fromEntries(Object.keys(functions).map((name) => [name, entry + name])),
    platform: "neutral",
    resolve: { mainFields: ["module", "main"], conditionNames: ["workerd", "import", "default"] },
    external: ["node:buffer", "node:events"],
    // For runtimes without Node's sockets postgres.js has a build of its own, which loads two of Node's modules in place of eight.
    // Importing a module of ours does nothing: what nobody uses is left out, with all that it would define.
    treeshake: { moduleSideEffects: (id) => (id.startsWith(sources) ? false : undefined) },
    plugins: [edgeModules()],
    transform: {
      inject: { setTimeout: [timers, "setTimeout"], clearTimeout: [timers, "clearTimeout"] },
    },
    write: false,
    output: {
      format: "esm",
      minify: true,
      sourcemap: false,
      entryFileNames: "[name].js",
      chunkFileNames: "parts/[name].js",
    },
    logLevel: "warn",
  });
  const files: EdgeFile[] = [];
  for (const file of output) {
    if (file.type !== "chunk") continue;
    const path = join(folder, file.fileName);
    const code = findable(file);
    await mkdir(dirname(path), { recursive: true });
    // Whole or not at all, as another process may be importing it.
    await writeFile(`${path}.${process.pid}`, code);
    await rename(`${path}.${process.pid}`, path);
    const modules = Object.entries(file.modules).filter(([, { renderedLength }]) => renderedLength > 0);
    files.push({ path: file.fileName, code, modules: modules.map(([id]) => id) });
  }
  return files;
}

/**
 * The code with its imports as `supabase functions deploy` finds them where it bundles on the server: by a pattern, which wants a
 * space behind `import`, and in which a text before an `import()` may swallow it. What it does not find is not deployed.
 */
function findable({ fileName, code, dynamicImports }: OutputChunk): string {
  const named = dynamicImports.map((path) => `./${posix.relative(posix.dirname(fileName), path)}`);
  const spaced = code.replace(/^(?:(?:import|export)[^;"']*"[^"]+";)+/, (head) =>
    head.replaceAll(/(import|export)([^;"']*?)(from)?"/g, (_, verb: string, what: string, from = "") =>
      `${verb} ${what} ${from} "`.replaceAll(/ {2,}/g, " "),
    ),
  );
  return named.map((path) => `// import "${path}"\n`).join("") + spaced;
}

/** The entries; and in place of what packages bring and functions never ask for, nothing. */
function edgeModules(): Plugin {
  return {
    name: "edge-modules",
    resolveId: (id, importer, { kind }) => {
      if (id.startsWith(entry)) return id;
      // Else whoever imports one thing of a `mod.ts` at its start would read with it all that another imports later.
      if (kind === "dynamic-import" && importer?.startsWith(root) && id.startsWith("."))
        return later + resolve(dirname(importer), id);
      if (Object.hasOwn(builders, posix.basename(id))) return builder + posix.basename(id);
      return replaced[id];
    },
    load: (id) => {
      if (id.startsWith(builder)) return builders[id.slice(builder.length)]!.map(withoutBuilder).join("");
      if (id.startsWith(later)) return `export * from ${JSON.stringify(id.slice(later.length))};`;
      return id.startsWith(entry) ? entryOf(id.slice(entry.length)) : undefined;
    },
  };
}

function withoutBuilder(name: string): string {
  const reason = `Cannot use ${name} in an edge function as it must be bundled: tools/bundle-edge.ts leaves it out`;
  return `export class ${name} { constructor() { throw new TypeError(${JSON.stringify(reason)}); } }\n`;
}

function entryOf(name: string): string {
  const made = functions[name];
  if (made === undefined) throw new Error(`Cannot bundle ${name} as its route must be known: add it above`);
  const [route, dependencies] = made;
  return `import { edgeFunctionOf, routes, ${dependencies} } from ${JSON.stringify(join(root, "apps/edge/main.ts"))};
export const createEdgeFunction = edgeFunctionOf(routes.${route}, ${dependencies});
`;
}
