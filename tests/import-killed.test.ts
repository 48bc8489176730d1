import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { demoImport, runImport } from "../src/catalogue/mod.ts";

const size = { seed: 5, items: 300, people: 60 };

// Imports, and kills itself without warning in the middle of writing the batch of the given number. The embedded
// database works in promises alone, so that only a promise gets in between; a server's answer is an event.
const child = (target: string, killAt: number): string => `
  import { openDatabase } from "./src/adapters/postgres/mod.ts";
  import { demoImport, runImport } from "./src/catalogue/mod.ts";
  const { catalogue } = await openDatabase(...${target});
  let batches = 0;
  const dying = { ...catalogue, putBatch: (batch, cursor) => {
    const written = catalogue.putBatch(batch, cursor);
    if (++batches === ${killAt}) {
      const kill = () => process.kill(process.pid, "SIGKILL");
      let ticks = 0;
      const tick = () => (++ticks === 100 ? kill() : queueMicrotask(tick));
      if (${target.includes("directory")}) tick();
      else setImmediate(kill);
    }
    return written;
  } };
  await runImport(demoImport(${JSON.stringify(size)}), dying, { batchRows: 200 });
`;

async function runChild(target: string, killAt: number): Promise<NodeJS.Signals | null> {
  const script = child(target, killAt);
  const node = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: "inherit" });
  const [, signal] = (await once(node, "exit")) as [number | null, NodeJS.Signals | null];
  return signal;
}

describe("an import that is killed with SIGKILL", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "futago-killed-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const { DATABASE_URL: url } = process.env;
  const schema = `killed_${process.pid}`;
  const targets = [
    ["embedded", () => [{ directory: join(directory, "database") }]],
    ["server", () => [{ url }, { schema }]],
  ] as const;
  for (const [name, target] of targets) {
    test.skipIf(name === "server" && !url)(
      `${name}: run again it finishes, and nothing is lost or doubled`,
      async () => {
        const whole = demoImport(size);
        const [location, options] = target() as Parameters<typeof openDatabase>;
        expect(await runChild(JSON.stringify(target()), 5)).toBe("SIGKILL");
        const database = await openDatabase(location, options);
        try {
          const before = await database.catalogue.counts();
          expect(before.items).toBe(300);
          const { resumed, counts } = await runImport(whole, database.catalogue);
          expect(resumed).toBe(true);
          expect(counts.unchanged).toBe(0);
          const after = await database.catalogue.counts();
          expect(after.events).toBe(before.events + counts.inserted);
          const again = await runImport(whole, database.catalogue);
          expect(again.counts.unchanged).toBe(again.rows);
          expect(after.items + after.people + after.events).toBe(again.rows);
        } finally {
          if (options?.schema) await database.connection.schema.dropSchema(schema).cascade().execute();
          await database.close();
        }
      },
      120_000,
    );
  }
});
