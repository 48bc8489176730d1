import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { bundleEdge } from "./bundle-edge.ts";
import { deno, supabaseDeno } from "./deno.ts";
import { functionFolders, supabaseFolder } from "./function-folders.ts";

/** Options of {@link serveFunctions}. */
export interface ServeFunctionsOptions {
  /** What the functions find in their environment; nothing else is there. */
  readonly env: Readonly<Record<string, string>>;
  /** Which functions. @default all */
  readonly names?: readonly string[];
  /** 0 takes any free port. @default 0 */
  readonly port?: number;
  /** Gets what the functions print. @default nothing */
  readonly onLine?: (line: string) => void;
  /** What runs them. @default as Supabase has it */
  readonly program?: string;
}

/** Functions that answer. */
export interface ServedFunctions {
  /** For example `http://127.0.0.1:54321`; functions lie below `/functions/v1/`. */
  readonly url: string;
  readonly process: ChildProcess;
  close(): Promise<void>;
}

/**
 * Serves edge functions in Deno as Supabase does, as far as that goes without its stack: the entries as they lie under
 * `supabase/functions`, the default export's `fetch`, the path without `/functions/v1`, no permission but network and
 * environment. All functions share one process here; on Supabase each has its own.
 *
 * @param options Environment, functions and port.
 * @returns The address, once it answers.
 */
export async function serveFunctions(options: ServeFunctionsOptions): Promise<ServedFunctions> {
  const { env, names = functionFolders(), port = 0, onLine = () => {}, program = supabaseDeno } = options;
  const folder = await mkdtemp(join(tmpdir(), "futago-functions-"));
  const script = join(folder, "router.ts");
  await writeFile(script, router(names, port));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const served = await startDeno(["--no-config", "--allow-net", "--allow-env", script], {
      env,
      onLine,
      program,
    });
    return { ...served, close: () => served.close().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Starts a script in Deno that serves, and says so by the line `listening on URL`.
 *
 * @param args Permissions and the script; nothing else is allowed.
 * @param options What it finds in its environment, who gets what it prints, and what runs it: the newest Deno by default.
 * @returns Where it listens.
 */
export async function startDeno(
  args: readonly string[],
  { env, onLine = () => {}, program = deno }: Pick<ServeFunctionsOptions, "env" | "onLine" | "program">,
): Promise<ServedFunctions> {
  const child = spawn(program, ["run", "--quiet", "--no-prompt", "--no-lock", ...args], {
    env: {
      ...env,
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Nobody is left to close it where this process ends first.
  const abandon = () => child.kill("SIGKILL");
  process.once("exit", abandon);
  const close = async (): Promise<void> => {
    process.off("exit", abandon);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await exit;
  };
  try {
    return { url: await listening(child, onLine), process: child, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function listening(child: ChildProcess, onLine: (line: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const errors: string[] = [];
    createInterface({ input: child.stderr! }).on("line", (line) => {
      errors.push(line);
      onLine(line);
    });
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const found = /^listening on (\S+)$/.exec(line);
      if (found === null) onLine(line);
      else resolve(found[1]!);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`Deno ended with ${code}: ${errors.join("\n")}`)));
  });
}

// Static imports of literal paths: what is imported so needs no permission to read.
function router(names: readonly string[], port: number): string {
  const imports = names.map((name, i) => {
    const entry = pathToFileURL(join(supabaseFolder, "functions", name, "index.ts"));
    return `import f${i} from ${JSON.stringify(entry.href)};`;
  });
  return `${imports.join("\n")}
const functions = new Map(${`[${names.map((name, i) => `[${JSON.stringify(name)}, f${i}]`)}]`});
Deno.serve({ port: ${port}, hostname: "127.0.0.1", onListen: ({ port }) => console.log("listening on http://127.0.0.1:" + port) }, async (request) => {
  const url = new URL(request.url);
  url.pathname = url.pathname.replace(/^\\/functions\\/v1/, "");
  const answering = functions.get(url.pathname.split("/")[1]);
  if (answering === undefined) return Response.json({ code: "NOT_FOUND", message: "Requested function was not found" }, { status: 404 });
  // All of it is taken, as by the platform's gateway: Deno ends a connection whose request was not read to its end, and whoever
  // asked next over that connection would get no answer.
  const { method, headers } = request;
  const body = request.body === null ? null : await request.arrayBuffer();
  return answering.fetch(new Request(url, { method, headers, body }));
});
`;
}

// `node tools/serve-functions.ts [port]`: the functions of this folder on this machine, with the environment as it is.
if (import.meta.main) {
  await bundleEdge();
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => !!entry[1]),
  );
  const served = await serveFunctions({ env, port: Number(process.argv[2] ?? 54321), onLine: console.log });
  console.log(`${served.url}/functions/v1/`);
  process.on("SIGINT", () => void served.close());
  process.on("SIGTERM", () => void served.close());
}
