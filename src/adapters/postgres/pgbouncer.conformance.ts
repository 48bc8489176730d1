import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** Whether there is a PgBouncer to start. */
export const hasPgbouncer: boolean = spawnSync("pgbouncer", ["--version"]).status === 0;

/** A pooler that runs. */
export interface Pooler {
  /** The same database through it. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts PgBouncer in transaction mode before a database: after every transaction a client may get another of the few
 * sessions, and nothing of the one before is cleaned away.
 *
 * @param serverUrl The database.
 * @param options How many sessions it keeps with the server.
 * @returns The pooler, once it accepts connections.
 */
export async function startPgbouncer(
  serverUrl: string,
  options: { readonly sessions: number },
): Promise<Pooler> {
  const server = new URL(serverUrl);
  const folder = await mkdtemp(join(tmpdir(), "futago-pgbouncer-"));
  const port = await freePort();
  // It refuses to run as root, and reads its files as whom it becomes.
  const root = process.getuid?.() === 0;
  await writeFile(
    join(folder, "pgbouncer.ini"),
    [
      "[databases]",
      `* = host=${server.hostname} port=${server.port || 5432}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = plain",
      `auth_file = ${join(folder, "users.txt")}`,
      "pool_mode = transaction",
      `default_pool_size = ${options.sessions}`,
      "max_client_conn = 200",
      ...(root ? ["user = nobody"] : []),
    ].join("\n"),
  );
  await writeFile(
    join(folder, "users.txt"),
    `"${decodeURIComponent(server.username)}" "${decodeURIComponent(server.password)}"\n`,
  );
  for (const path of ["", "pgbouncer.ini", "users.txt"])
    await chmod(join(folder, path), path === "" ? 0o755 : 0o644);
  const child = spawn("pgbouncer", ["-q", join(folder, "pgbouncer.ini")], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + 20_000;
  while (!(await accepts(port))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      await stop();
      throw new Error(`PgBouncer did not accept connections on port ${port}`);
    }
    await wait(20);
  }
  const url = new URL(serverUrl);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return { url: url.href, stop };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exit;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
