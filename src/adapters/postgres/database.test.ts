import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { lockDirectory } from "./directory-lock.ts";

const folders: string[] = [];
async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "futago-db-"));
  folders.push(made);
  return made;
}
afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true });
});

/** Runs a script that opens the directory, says "open", does `work`, and stays until it is killed. */
async function openInChild(directory: string, work = ""): Promise<{ kill(): Promise<void> }> {
  const script = `
    import { openDatabase } from ${JSON.stringify(new URL("./database.ts", import.meta.url).href)};
    const database = await openDatabase({ directory: ${JSON.stringify(directory)} });
    ${work}
    console.log("open");
    setInterval(() => {}, 1000);
    ${work === "" ? "" : "for (let i = 0; ; i++) await put(i);"}`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (data: Buffer) => data.toString().includes("open") && resolve());
    child.once("exit", () => reject(new Error("The child ended before it opened the database")));
  });
  return {
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

describe("openDatabase() on a directory", () => {
  test("keeps what was stored, and gives the directory free on closing", async () => {
    const directory = join(await folder(), "db");
    const first = await openDatabase({ directory });
    await first.catalogue.putItems([{ id: "a", title: "Harbour", fields: {} }]);
    await first.close();
    expect(existsSync(`${directory}.lock`)).toBe(false);
    const second = await openDatabase({ directory });
    expect(await second.catalogue.counts()).toEqual({ items: 1, people: 0, events: 0 });
    await expect(openDatabase({ directory })).rejects.toMatchObject({ code: "database_busy" });
    await second.close();
  });

  test("that holds something else is database_unreachable, and is left free", async () => {
    const directory = await folder();
    await writeFile(join(directory, "PG_VERSION"), "nonsense");
    await expect(openDatabase({ directory })).rejects.toMatchObject({ code: "database_unreachable" });
    expect(existsSync(`${directory}.lock`)).toBe(false);
  });

  test("is refused while another process has it open, and survives that process being killed as it writes", async () => {
    const directory = join(await folder(), "db");
    const child = await openInChild(
      directory,
      `const put = (i) => database.catalogue.putItems([0, 1, 2].map((j) => ({ id: i + "-" + j, title: "", fields: {} })));
      await put(-1);`,
    );
    await expect(openDatabase({ directory })).rejects.toMatchObject({
      code: "database_busy",
      details: { pid: expect.any(Number) },
    });
    await child.kill();
    const database = await openDatabase({ directory });
    const { items } = await database.catalogue.counts();
    expect(items).toBeGreaterThanOrEqual(3);
    // Each call was one transaction: all of its three rows or none.
    expect(items % 3).toBe(0);
    await database.close();
  });
});

describe("lockDirectory()", () => {
  test("of many at once exactly one gets a stale lock", async () => {
    const directory = join(await folder(), "db");
    const lock = await lockDirectory(directory);
    await lock.release();
    for (let round = 0; round < 20; round++) {
      // No such process: the highest pid Linux gives is 4,194,304.
      const stale = { id: "gone", pid: 9_999_999, host: (await import("node:os")).hostname(), startedAt: "" };
      await writeFile(`${directory}.lock`, JSON.stringify(stale));
      const claims = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory)));
      const won = claims.filter((claim) => claim.status === "fulfilled");
      expect(won).toHaveLength(1);
      await won[0]!.value.release();
    }
  });

  test("a living process that was given the pid of the owner is not the owner", async () => {
    const directory = join(await folder(), "db");
    const { hostname } = await import("node:os");
    const reused = { id: "gone", pid: process.pid, host: hostname(), startedAt: "another boot:1" };
    await writeFile(`${directory}.lock`, JSON.stringify(reused));
    if (!existsSync("/proc/self/stat")) return;
    await (await lockDirectory(directory)).release();
  });

  test.skipIf(!existsSync("/proc/self/stat"))(
    "a process that was killed and that its parent has not noticed yet is not the owner",
    async () => {
      const directory = join(await folder(), "db");
      const { hostname } = await import("node:os");
      // The shell becomes another program, which knows nothing of the child that ends.
      const parent = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 600"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        const pid = Number(await new Promise((resolve) => parent.stdout.once("data", resolve)));
        await expect.poll(() => readFile(`/proc/${pid}/stat`, "utf8")).toMatch(/\) Z /);
        const owner = { id: "gone", pid, host: hostname(), startedAt: "" };
        await writeFile(`${directory}.lock`, JSON.stringify(owner));
        await (await lockDirectory(directory)).release();
      } finally {
        parent.kill("SIGKILL");
      }
    },
  );
});

describe("openDatabase() on a server", () => {
  test("that is not there is database_unreachable, and says what to do", async () => {
    const opening = openDatabase({ url: "postgres://nobody:nothing@127.0.0.1:1/none" });
    await expect(opening).rejects.toMatchObject({
      code: "database_unreachable",
      message: expect.stringContaining("DATABASE_URL"),
    });
  });

  test("whose address is no URL is database_unreachable", async () => {
    await expect(openDatabase({ url: "http//not a url" })).rejects.toMatchObject({
      code: "database_unreachable",
    });
  });
});
