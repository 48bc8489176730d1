import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { createAlerter, createScheduler, parseAlertRules } from "../src/jobs/mod.ts";
import { breakableLine } from "./broken-line.ts";

const server = process.env["DATABASE_URL"];

// PGlite lives in this process: it cannot be away.
test.skipIf(server === undefined)(
  "[AL4] a database that takes connections and answers nothing is told of once, and when it answers again",
  async () => {
    const told: unknown[] = [];
    const receiver = createServer((request, response) => {
      request.on("data", (chunk: Buffer) => {
        const { alert, state } = JSON.parse(chunk.toString()) as Record<string, unknown>;
        told.push([alert, state]);
      });
      request.on("end", () => response.end());
    });
    await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
    const schema = `futago_test_${crypto.randomUUID().replaceAll("-", "")}`;
    const clock = { time: Date.UTC(2026, 10, 20), now: () => clock.time };
    const owner = await openDatabase({ url: server! }, { schema });
    const line = await breakableLine(server!);
    const bounds = { timeoutMs: 2000, clock };
    const behind = await openDatabase(
      { url: line.url },
      { schema, migrate: false, maxConnections: 1, bounds },
    );
    onTestFinished(async () => {
      await behind.close();
      await line.close();
      await sql`drop schema ${sql.id(schema)} cascade`.execute(owner.connection);
      await owner.close();
      receiver.close().closeAllConnections();
    });
    const { jobs: queue, alerts: store } = behind;
    const { port } = receiver.address() as AddressInfo;
    const alerter = createAlerter({
      ...{ queue, store, fetch, clock },
      scheduler: createScheduler({ queue, clock }),
      destinations: [{ name: "webhook", form: "webhook", url: `http://127.0.0.1:${port}/` }],
      rules: parseAlertRules({ jobOverdueMinutes: false }),
    });
    const look = async (afterMs = 60_000) => {
      clock.time += afterMs;
      return (await alerter.look()).sent;
    };
    expect(await look()).toBe(0);
    await line.freeze();
    // One look that finds nothing may be a hiccup; the last one is held back, as nothing was answered just now.
    expect([await look(), await look(), await look(1)]).toEqual([0, 1, 0]);
    await line.mend();
    expect([await look(), await look()]).toEqual([1, 0]);
    expect(told).toEqual([
      ["database_unreachable", "broken"],
      ["database_unreachable", "recovered"],
    ]);
  },
);
