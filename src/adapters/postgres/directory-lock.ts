import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { FutagoError } from "../../base/mod.ts";

/** Held until released; a process that dies leaves a lock that the next one recognises as stale. */
export interface DirectoryLock {
  release(): Promise<void>;
}

interface Owner {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** When that process started, where the system tells: a pid that was given to another process is not its owner. */
  readonly startedAt: string;
}

/**
 * Claims a directory for this process: PGlite itself lets two processes open one, which damages it.
 *
 * @param directory Made when missing. The lock is the file `<directory>.lock` beside it.
 * @returns The lock.
 * @throws FutagoError `database_busy` When a living process holds it, this one included.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true });
  // By its real name: a link to the directory is the same directory.
  const file = `${await realpath(directory)}.lock`;
  const owner: Owner = {
    id: randomUUID(),
    pid: process.pid,
    host: hostname(),
    startedAt: await processStart(process.pid),
  };
  await claim(file, owner);
  return {
    release: async () => {
      if ((await readOwner(file))?.id === owner.id) await rm(file, { force: true });
    },
  };
}

async function claim(file: string, owner: Owner): Promise<void> {
  // Written whole first, then linked: nobody ever reads half a lock, and only one link succeeds.
  const draft = `${file}.${owner.id}`;
  await writeFile(draft, JSON.stringify(owner), { flag: "wx" });
  try {
    if (await linked(draft, file)) return;
    await refuseIfAlive(file);
    // Stale. One process at a time may take over; under that right it looks again, then replaces the file in one step,
    // so that two which both saw the stale lock cannot both end with a new one.
    const right = `${file}.takeover`;
    if (!(await linked(draft, right))) {
      await refuseIfAlive(right);
      await rm(right, { force: true });
      if (!(await linked(draft, right))) throw busy(file, undefined);
    }
    try {
      await refuseIfAlive(file);
      await rename(draft, file);
    } finally {
      await rm(right, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function refuseIfAlive(file: string): Promise<void> {
  const owner = await readOwner(file);
  if (owner !== undefined && (await isAlive(owner))) throw busy(file, owner);
}

function busy(file: string, owner: Owner | undefined): FutagoError {
  return new FutagoError(
    "database_busy",
    `Cannot open the embedded database as one process at a time may use it: current owner is process ${owner?.pid ?? "unknown"} ` +
      `on "${owner?.host ?? hostname()}". Stop that process, choose another directory, or use a server with --db-url; if it is surely gone, delete "${file}"`,
    { details: { pid: owner?.pid, lock: file } },
  );
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  // Of another machine on a shared disk nobody can say; to refuse is the mistake that damages nothing.
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, as another user's process.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const fields = await processFields(owner.pid);
  // Killed, and on its way out or waiting for its parent to notice: it has no memory any more and runs nothing.
  if (fields !== undefined && (/[ZX]/.test(fields[0] ?? "") || fields[20] === "0")) return false;
  const startedAt = await processStart(owner.pid);
  return startedAt === "" || owner.startedAt === "" || startedAt === owner.startedAt;
}

/** State, start time (19) and size of memory (20) among others, as proc(5) has them; undefined where nothing tells. */
async function processFields(pid: number): Promise<readonly string[] | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // Counted after the command's closing bracket, for the command may hold spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

async function processStart(pid: number): Promise<string> {
  const fields = await processFields(pid);
  if (fields === undefined) return "";
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  return `${boot.trim()}:${fields[19]}`;
}
