import { sql } from "kysely";
import { expect, test } from "vitest";
import { describeDatabases } from "./databases.conformance.ts";
import { listenOnServer } from "./listen-on-server.ts";

describeDatabases("notices of another active version", (open) => {
  const row = {
    dims: 2,
    preset: "lite",
    manifestHash: "",
    metrics: {},
    parent: null,
    description: "",
    createdAt: 0,
  };

  async function world() {
    const database = await open();
    const { versions } = database;
    // The channel is that of the whole database, where other tests run too.
    const [a, b] = ["a", "b"].map((name) => `${name}-${crypto.randomUUID()}`) as [string, string];
    await versions.add({ ...row, version: a, semanticVersion: "1.0.0" });
    await versions.add({ ...row, version: b, semanticVersion: "1.1.0" });
    let heard = 0;
    const listening = await database.onModelsChanged((version) => {
      if (version === undefined || version === a || version === b) heard++;
    });
    /** Waits until something new was heard, for at most ten seconds. */
    const next = async (work: () => Promise<unknown>): Promise<boolean> => {
      const before = heard;
      await work();
      for (let i = 0; i < 1000 && heard === before; i++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      return heard > before;
    };
    return { ...database, a, b, next, heard: () => heard, listening };
  }

  test("[RE8] activating a version is heard, activating it again is not", async () => {
    const { versions, a, b, next, heard, listening } = await world();
    expect(await next(() => versions.activate(a))).toBe(true);
    expect(await next(() => versions.activate(b))).toBe(true);
    const before = heard();
    await versions.activate(b);
    await versions.relabel(b, { description: "better" });
    // Notices come in order: had those been heard, it would have been before this one.
    expect(await next(() => versions.activate(a))).toBe(true);
    expect(heard()).toBe(before + 1);
    await listening.close();
  });

  test("a listener whose connection is cut hears again", async () => {
    const { kind, connection, versions, b, next, listening } = await world();
    if (kind === "postgres") {
      const cut = () =>
        sql`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'futago listen' and query like 'listen%' and datname = current_database()`.execute(
          connection,
        );
      // Heard once it listens again, as something may have been missed.
      expect(await next(cut)).toBe(true);
    }
    expect(await next(() => versions.activate(b))).toBe(true);
    await listening.close();
  });
});

test("through a transaction pooler nothing is listened to, and nothing fails", async () => {
  let heard = 0;
  const url = "postgres://nobody@127.0.0.1:6543/none";
  const listening = await listenOnServer(url, { channel: "futago_models", heard: () => heard++ });
  await listening.close();
  expect(heard).toBe(0);
});
