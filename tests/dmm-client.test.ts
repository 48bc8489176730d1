import { afterEach, describe, expect, test } from "vitest";
import {
  type CatalogueSource,
  createDmmClient,
  createDmmSource,
  createRandom,
  type DmmClientOptions,
  type Item,
  type RowIssue,
} from "../src/mod.ts";
import { type FakeDmm, itemOf, startFakeDmm } from "./fake-dmm/mod.ts";

const began = Date.UTC(2026, 10, 20);
let fake: FakeDmm;

afterEach(async () => {
  await fake?.close();
});

/** A clock that only sleeping moves: no test waits. */
function worldTime(
  at = began,
): Pick<DmmClientOptions, "clock" | "sleep"> & { now: number; readonly slept: number[] } {
  const time = {
    now: at,
    slept: [] as number[],
    clock: { now: () => time.now },
    sleep: async (ms: number) => {
      time.slept.push(ms);
      time.now += ms;
    },
  };
  return time;
}

function clientOf(server: FakeDmm, options: Partial<DmmClientOptions> = {}) {
  const { clock, sleep } = worldTime();
  return createDmmClient({
    credentials: server.credentials,
    fetch,
    clock,
    sleep,
    random: createRandom(1),
    baseUrl: server.url,
    ...options,
  });
}

async function readAll(
  source: CatalogueSource,
): Promise<{ items: Item[]; issues: RowIssue[]; ids: string[] }> {
  const read = { items: [] as Item[], issues: [] as RowIssue[], ids: [] as string[] };
  for (const { id: partition, from, to } of await source.partitions()) {
    const windows = [{ partition, from, to }];
    for (let window = windows.pop(); window !== undefined; window = windows.pop()) {
      const first = await source.page(window, { offset: 0 });
      if (first.total > source.limits.maxWindowRows) {
        const middle = Math.floor((window.from + window.to) / 2000) * 1000;
        windows.push({ ...window, to: middle }, { ...window, from: middle });
        continue;
      }
      let page = first;
      for (let offset = 0; page.rows > 0; ) {
        read.items.push(...page.items);
        read.issues.push(...page.issues);
        read.ids.push(...page.ids);
        offset += page.rows;
        if (offset >= page.total) break;
        page = await source.page(window, { offset });
      }
    }
  }
  return read;
}

const byId = (items: readonly Item[]): Item[] => [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
const expectedItems = (server: FakeDmm): Item[] =>
  byId(server.listing.all().flatMap((facts) => itemOf(facts) ?? []));

describe("the DMM client", () => {
  test("reads what the server has, field by field, however it is written", async () => {
    fake = await startFakeDmm({ items: 3000, maxOffset: 400 });
    const client = clientOf(fake, { limits: { maxOffset: 400 } });
    const { items, issues } = await readAll(createDmmSource(client, { floors: fake.floors }));
    expect(issues).toEqual([]);
    expect(byId(items)).toEqual(expectedItems(fake));
  });
});
