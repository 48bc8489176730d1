import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { testCatalogueSource } from "../src/catalogue/source.conformance.ts";
import {
  type CatalogueSource,
  createDmmClient,
  createDmmSource,
  createMemoryDmmQuotaStore,
  createRandom,
  type DmmClientOptions,
  type DmmLogEntry,
  type Item,
  type RowIssue,
} from "../src/mod.ts";
import { type FakeDmm, type FakeDmmFaults, itemOf, startFakeDmm } from "./fake-dmm/mod.ts";

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

const secretsOf = (server: FakeDmm): readonly string[] => Object.values(server.credentials);

/** Everything of a value that anybody could print: causes, stacks, hidden members. */
const allOf = (value: unknown): string =>
  inspect(value, { depth: 20, showHidden: true, maxArrayLength: null });

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "answered",
    (error: { code?: string }) => error.code ?? error,
  );

describe("DMM as a source", () => {
  testCatalogueSource(async () => {
    fake = await startFakeDmm({ items: 90 });
    return createDmmSource(clientOf(fake, { limits: { hits: 10 } }), { floors: fake.floors });
  });
});

describe("the DMM client", () => {
  test("[CS1] reads what the server has, field by field, however it is written", async () => {
    fake = await startFakeDmm({ items: 3000, maxOffset: 400 });
    const client = clientOf(fake, { limits: { maxOffset: 400 } });
    const { items, issues } = await readAll(createDmmSource(client, { floors: fake.floors }));
    expect(issues).toEqual([]);
    expect(byId(items)).toEqual(expectedItems(fake));
  });

  test("[CS10] ends with the same items where the server fails, resets, cuts short, and answers late", async () => {
    fake = await startFakeDmm({ items: 900, maxOffset: 300 });
    Object.assign(fake.faults, { serverErrors: 0.1, resets: 0.1, cuts: 0.1, tooMany: 0.05, hidden: 0.05 });
    Object.assign(fake.faults, { slow: 0.05, slowMs: 400 });
    const logged: DmmLogEntry[] = [];
    const client = clientOf(fake, {
      limits: { maxOffset: 300, timeoutMs: 200, attempts: 12 },
      log: (entry) => logged.push(entry),
    });
    const { items } = await readAll(createDmmSource(client, { floors: fake.floors }));
    expect(byId(items)).toEqual(expectedItems(fake));
    // Each kind of failure was met, or this shows nothing.
    const reasons = new Set(logged.map(({ reason }) => reason));
    for (const reason of ["a broken connection", "no answer in time", "status 429", "status 500"]) {
      expect(reasons).toContain(reason);
    }
  });

  test("an item that cannot be read is told of, and counts as being there", async () => {
    fake = await startFakeDmm({ items: 60 });
    const facts = fake.listing.all();
    const wrong = (["title", "id", "price", "genres", "date", "all"] as const).map((malformed, index) => ({
      ...facts[index * 9]!,
      malformed,
    }));
    fake.listing.put(wrong);
    const { items, issues, ids } = await readAll(createDmmSource(clientOf(fake), { floors: fake.floors }));
    expect(byId(items)).toEqual(expectedItems(fake));
    expect(items).toHaveLength(57);
    expect(ids).toHaveLength(58);
    expect(issues.map(({ path }) => path).sort()).toEqual(
      ["", "content_id", "date", "iteminfo.genre", "prices.price", "title"].sort(),
    );
  });

  test("a window begins with its first moment and ends before its last", async () => {
    fake = await startFakeDmm({ items: 1, floors: ["FANZA/digital/videoa"] });
    const source = createDmmSource(clientOf(fake), { floors: fake.floors });
    const { at } = fake.listing.all()[0]!;
    const count = (from: number, to: number): Promise<number> =>
      source.count({ partition: "FANZA/digital/videoa", from, to });
    expect(await count(at, at + 1000)).toBe(1);
    expect(await count(at - 5000, at)).toBe(0);
    expect(await count(at + 1, at + 5000)).toBe(0);
    expect(await count(at - 1, at + 1)).toBe(1);
    // No second is in it, so that nothing is asked.
    const before = fake.requests.total;
    expect(await count(at + 1, at + 900)).toBe(0);
    expect(fake.requests.total).toBe(before);
  });

  test("[CS11] asks one thing at a time, a second apart, however many ask", async () => {
    fake = await startFakeDmm();
    const time = worldTime();
    const starts: number[] = [];
    const client = clientOf(fake, {
      ...time,
      fetch: (url, init) => {
        starts.push(time.now);
        return fetch(url, init);
      },
    });
    const floor = { site: "FANZA", service: "digital", floor: "videoa" } as const;
    await Promise.all(Array.from({ length: 12 }, () => client.items({ floor, hits: 1 })));
    expect(starts).toEqual(Array.from({ length: 12 }, (_, index) => began + index * 1000));
    expect(fake.busiest()).toBe(1);
  });

  test("waits longer after each failure, at random, and then gives up", async () => {
    fake = await startFakeDmm();
    fake.faults.serverErrors = 1;
    const time = worldTime();
    const client = clientOf(fake, { ...time, limits: { intervalMs: 0 } });
    expect(await codeOf(client.floors())).toBe("source_unreadable");
    expect(fake.requests.total).toBe(4);
    expect(time.slept).toHaveLength(3);
    for (const [index, ms] of time.slept.entries()) {
      expect(ms).toBeGreaterThanOrEqual(500 * 2 ** index);
      expect(ms).toBeLessThanOrEqual(1500 * 2 ** index);
    }
    expect(new Set(time.slept.map((ms, index) => ms / 2 ** index)).size).toBe(3);
  });

  test("[CS12] a question that the API calls wrong is asked once, and the next one is asked", async () => {
    fake = await startFakeDmm({ maxOffset: 1000 });
    const client = clientOf(fake);
    const floor = { site: "FANZA", service: "digital", floor: "videoa" } as const;
    const error: unknown = await client.items({ floor, offset: 1001 }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "source_rejected",
      details: { parameters: ["offset"], status: 400 },
    });
    expect(fake.requests.total).toBe(1);
    expect((await client.items({ floor })).rows).toHaveLength(100);
    await expect(client.items({ floor, offset: 5001 })).rejects.toThrow(RangeError);
    await expect(client.items({ floor, hits: 101 })).rejects.toThrow(RangeError);
    expect(fake.requests.total).toBe(2);
  });

  test.each(["object", "list", "unexplained"] as const)(
    "[CS7] leaves the API alone once it refuses the key (%s), until the time that it names",
    async (refusal) => {
      fake = await startFakeDmm();
      Object.assign(fake.faults, { quota: 3, refusal });
      const time = worldTime();
      const quota = createMemoryDmmQuotaStore();
      const client = clientOf(fake, { ...time, quota });
      for (let n = 0; n < 3; n++) await client.floors();
      expect(await codeOf(client.floors())).toBe("source_exhausted");
      const asked = fake.requests.total;
      expect(await codeOf(client.floors())).toBe("source_exhausted");
      // Started again, it remembers.
      expect(await codeOf(clientOf(fake, { ...time, quota }).floors())).toBe("source_exhausted");
      expect(fake.requests.total).toBe(asked);
      time.now += 300_000;
      expect(await codeOf(client.floors())).toBe("source_exhausted");
      expect(fake.requests.total).toBe(asked + 1);
      fake.faults.quota = Number.POSITIVE_INFINITY;
      time.now = Date.parse("2026-11-21T00:05:00+09:00");
      expect(await codeOf(client.floors())).toBe("answered");
    },
  );

  test("stops where it is told to, while it waits and while it asks", async () => {
    fake = await startFakeDmm();
    const stop = new AbortController();
    const waiting = clientOf(fake, {
      sleep: async () => stop.abort(),
    });
    await waiting.floors();
    expect(await codeOf(waiting.floors({ signal: stop.signal }))).toBe("cancelled");
    expect(fake.requests.total).toBe(1);
    Object.assign(fake.faults, { slow: 1, slowMs: 30_000 });
    const asking = new AbortController();
    const client = clientOf(fake, {
      fetch: (url, init) => {
        const answer = fetch(url, init);
        asking.abort();
        return answer;
      },
    });
    expect(await codeOf(client.floors({ signal: asking.signal }))).toBe("cancelled");
  });

  test("refuses a floor that the API does not list", async () => {
    fake = await startFakeDmm();
    const source = createDmmSource(clientOf(fake), { floors: ["FANZA/digital/unknown"] });
    expect(await codeOf(source.partitions())).toBe("source_rejected");
    expect(() => createDmmSource(clientOf(fake), { floors: ["digital/videoa"] })).toThrow(RangeError);
    expect(() => createDmmSource(clientOf(fake), { floors: [] })).toThrow(RangeError);
  });
});

describe("[CS13] the credentials", () => {
  test("are in nothing that comes out of the client: items, issues, logs, state, errors with causes and stacks", async () => {
    fake = await startFakeDmm({ items: 40 });
    const secrets = secretsOf(fake);
    const out: unknown[] = [];
    const quota = createMemoryDmmQuotaStore();
    // Titles and addresses that repeat them, as an echo would; and an item that cannot be read because of one.
    const [first, second, third] = fake.listing.all();
    fake.listing.put([
      { ...first!, title: `Harbour ${secrets[0]} ${secrets[1]}` },
      { ...second!, genres: [secrets[1]!], performers: [secrets[0]!] },
      { ...third!, contentId: `x ${secrets[0]}` },
    ]);
    const client = clientOf(fake, { quota, log: (entry) => out.push(entry) });
    out.push(await readAll(createDmmSource(client, { floors: fake.floors })));
    const failing: Partial<FakeDmmFaults>[] = [
      { serverErrors: 1 },
      { serverErrors: 0, hidden: 1 },
      { hidden: 0, cuts: 1 },
      { cuts: 0, resets: 1 },
      { resets: 0, quota: 0, refusal: "object" },
    ];
    for (const faults of failing) {
      Object.assign(fake.faults, faults);
      out.push(await client.floors().catch((error: unknown) => error));
    }
    await quota.update((state) => {
      out.push(state, client);
      return state!;
    });
    const lost = clientOf(fake, {
      log: (entry) => out.push(entry),
      fetch: (url) => Promise.reject(new Error(`cannot reach ${url}`, { cause: { url } })),
    });
    out.push(await lost.floors().catch((error: unknown) => error));
    expect(out.filter((entry) => entry instanceof Error)).toHaveLength(6);
    const text = allOf(out);
    expect(text).toContain("[redacted]");
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  test("are repeated by the server in all of its answers, or the test above shows nothing", async () => {
    fake = await startFakeDmm({ items: 3 });
    const query = new URLSearchParams({
      api_id: fake.credentials.apiId,
      affiliate_id: fake.credentials.affiliateId,
      site: "FANZA",
      service: "digital",
      floor: "videoa",
      sort: "date",
    });
    const ask = async (): Promise<string> => (await fetch(`${fake.url}/ItemList?${query}`)).text();
    for (const quota of [1, 0]) {
      fake.faults.quota = quota;
      for (const secret of secretsOf(fake)) expect(await ask()).toContain(secret);
    }
    Object.assign(fake.faults, { quota: 9, serverErrors: 1 });
    for (const secret of secretsOf(fake)) expect(await ask()).toContain(secret);
  });
});
