import { sql } from "kysely";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { createRandom } from "../src/base/mod.ts";
import { createWorker } from "../src/jobs/mod.ts";

// A worker process of tests/jobs-killed.test.ts and bench/jobs.ts: its jobs add a row to `effects` under their number, so
// that doing one twice leaves what doing it once leaves.
const [url, schema, name, parallel] = process.argv.slice(2) as [string, string, string, string];
const database = await openDatabase({ url }, { schema, migrate: false, maxConnections: 4 });
let writing: { n: number; done(): void; failed(error: unknown): void }[] = [];
let busy = false;

// Effects of jobs that run at the same moment go in one statement, as the handlers of a real kind would batch them.
async function flush(): Promise<void> {
  if (busy) return;
  busy = true;
  while (writing.length > 0) {
    const batch = writing;
    writing = [];
    const rows = JSON.stringify(batch.map(({ n }) => n));
    try {
      await sql`insert into effects select n::integer from jsonb_array_elements_text(${rows}::text::jsonb) n
        on conflict do nothing`.execute(database.connection);
      for (const { done } of batch) done();
    } catch (error) {
      for (const { failed } of batch) failed(error);
    }
  }
  busy = false;
}

await createWorker({
  queue: database.jobs,
  handlers: {
    effect: {
      run: async ({ job }) => {
        await new Promise<void>((done, failed) => {
          writing.push({ n: Number(job.payload["n"]), done, failed });
          void flush();
        });
        return undefined;
      },
    },
  },
  name,
  random: createRandom(1),
  parallel: Number(parallel),
  visibilityMs: 1500,
  idleMs: 50,
}).run(new AbortController().signal);
