import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { breakableLine } from "./broken-line.ts";
import { tinyCatalogue } from "./tiny-model.ts";

const server = process.env["DATABASE_URL"];

// The process as it is run, over a line that is cut: a test of what `futago serve` hands to what.
test.skipIf(server === undefined)(
  "futago serve outlives its database, says so in metrics and log, and finds it again",
  async () => {
    const name = `futago_served_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
    const of = (address: string): string => {
      const url = new URL(address);
      url.pathname = `/${name}`;
      return url.href;
    };
    const admin = await openDatabase({ url: server! }, { migrate: false, maxConnections: 1 });
    await sql`create database ${sql.id(name)}`.execute(admin.connection);
    const home = await mkdtemp(join(tmpdir(), "futago-served-"));
    const line = await breakableLine(server!);
    const database = await openDatabase({ url: of(server!) }, { maxConnections: 1 });
    await database.catalogue.putBatch(tinyCatalogue());
    await database.close();
    const served = spawn(process.execPath, ["bin/futago.mjs", "serve", "--home", home, "--port", "0"], {
      env: { PATH: process.env["PATH"], DATABASE_URL: of(line.url), FUTAGO_QUERY_TIMEOUT_MS: "300" },
    });
    let log = "";
    served.stderr.on("data", (text) => {
      log += String(text);
    });
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let said = "";
        served.once("exit", () => reject(new Error(`Ended before it listened: ${log}`)));
        served.stdout.on("data", (text) => {
          said += String(text);
          const listening = /Listening on (\S+)/.exec(said)?.[1];
          if (listening !== undefined) resolve(listening);
        });
      });
      const ask = async (user_id: string): Promise<Record<string, unknown>> => {
        const answer = await fetch(`${url}/functions/v1/recommendations`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ user_id }),
        });
        return { status: answer.status, ...((await answer.json()) as object) };
      };
      const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
      expect(await ask("p00")).toMatchObject({ status: 200, source: "popularity" });
      await line.cut();
      expect(await ask("p00")).toMatchObject({ status: 200, source: "popularity", stale: true });
      expect(await ask("p01")).toMatchObject({ status: 503, error: { code: "database_unreachable" } });
      expect(await metrics()).toContain('futago_broken{link="database"} 1');
      expect(await metrics()).toContain("futago_database_breaker_open 1");
      await line.mend();
      await expect
        .poll(async () => (await ask("p01"))["status"], { timeout: 20_000, interval: 100 })
        .toBe(200);
      expect(await metrics()).toContain('futago_broken{link="database"} 0');
      expect(await metrics()).toContain(
        'futago_recoveries_total{link="database",code="database_unreachable"} 1',
      );
      expect(await metrics()).toContain("futago_database_breaker_open 0");
      expect(log).toMatch(/"link":"database","code":"database_unreachable".*broken/);
      expect(log).toMatch(/"link":"database".*works again/);
      expect(log).not.toMatch(/p00|p01|v0\d/);
      served.kill("SIGTERM");
      expect(await once(served, "exit")).toEqual([0, null]);
    } finally {
      served.kill("SIGKILL");
      await line.close();
      await sql`drop database if exists ${sql.id(name)} with (force)`.execute(admin.connection);
      await admin.close();
      await rm(home, { recursive: true });
    }
  },
  120_000,
);
