import { access, constants, mkdir, statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { authFromEnv } from "../../service/mod.ts";
import type { CliContext } from "../context.ts";
import { type Check, fine, wrong } from "./check.ts";

/** Below this a training run, or a week of logs, may end for want of space: 500 MB. */
const leastFreeBytes = 500_000_000;

/**
 * What must be in order before there is a database: Node, ONNX Runtime, the directory, who may ask.
 *
 * @param context Home and environment.
 * @param options `freeBytes` tells how much space a directory has.
 * @returns The checks.
 */
export function machineChecks(
  context: Pick<CliContext, "home" | "env">,
  options: { readonly freeBytes?: (directory: string) => Promise<number> } = {},
): readonly Check[] {
  const { home, env } = context;
  const { freeBytes = freeBytesOf } = options;
  return [
    { name: "node", look: async () => nodeVersion(process.versions.node) },
    {
      name: "onnxruntime",
      look: async () => {
        const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as {
          readonly version: string;
        };
        return fine(`${(await createOrtRuntime()).name} ${version}`);
      },
    },
    {
      name: "home",
      look: async () => {
        await mkdir(home, { recursive: true });
        await access(home, constants.W_OK);
        const free = await freeBytes(home);
        const says = `${home} is writable, ${(free / 1e9).toFixed(1)} GB free`;
        return free >= leastFreeBytes
          ? fine(says)
          : wrong(says, "make room, or choose another directory with --home");
      },
    },
    { name: "auth", look: () => whoMayAsk(env) },
  ];
}

/** Whether this Node runs TypeScript as it is. */
export function nodeVersion(version: string): ReturnType<typeof fine> {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const enough = major > 22 || (major === 22 && minor >= 12);
  return enough
    ? fine(`v${version}`)
    : wrong(`v${version}`, "install Node 22.12 or newer; 24 is what is tested");
}

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

async function whoMayAsk(env: CliContext["env"]): Promise<ReturnType<typeof fine>> {
  const { authenticator } = authFromEnv(env, { clock: Date, fetch });
  if (authenticator === undefined)
    return fine("no keys are configured: the service listens on this machine alone");
  // A token that nobody signed: refusing it takes the keys, which are fetched where they are configured.
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = part({ alg: "ES256", typ: "JWT", kid: "futago-doctor" });
  const token = `${header}.${part({ sub: "futago-doctor", exp: Date.now() / 1000 + 60 })}.${"A".repeat(86)}`;
  const request = new Request("http://localhost/", { headers: { authorization: `Bearer ${token}` } });
  const code = await authenticator.authenticate(request).then(
    () => "accepted",
    (error: { readonly code?: string }) => error.code ?? "internal",
  );
  if (code === "unauthorized") return fine("configured; a token that nobody signed is refused");
  return wrong(
    `a token that nobody signed is answered with ${code}`,
    "see FUTAGO_JWKS_URL or SUPABASE_URL, and that this machine reaches it",
  );
}
