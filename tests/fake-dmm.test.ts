import { afterEach, expect, test } from "vitest";
import { type FakeDmm, itemOf, makeFacts, startFakeDmm } from "./fake-dmm/mod.ts";

let fake: FakeDmm;
const floor = "FANZA/digital/videoa";

afterEach(async () => {
  await fake?.close();
});

interface Answer {
  readonly status: number;
  readonly result: {
    readonly total_count: number | string;
    readonly items: readonly { content_id: string }[];
    readonly errors?: Readonly<Record<string, string>>;
  };
}

async function ask(parameters: Readonly<Record<string, string | number>>): Promise<Answer> {
  const query = new URLSearchParams({
    api_id: fake.credentials.apiId,
    affiliate_id: fake.credentials.affiliateId,
    site: "FANZA",
    service: "digital",
    floor: "videoa",
    sort: "date",
    ...Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)])),
  });
  const response = await fetch(`${fake.url}/ItemList?${query}`);
  return { status: response.status, ...((await response.json()) as Pick<Answer, "result">) };
}

test("paging ends at the ceiling, where counting ends too; beyond it every question is bad", async () => {
  fake = await startFakeDmm({ items: 700, floors: [floor], maxOffset: 500 });
  expect(Number((await ask({ hits: 1 })).result.total_count)).toBe(500);
  expect((await ask({ hits: 100, offset: 401 })).result.items).toHaveLength(100);
  expect(await ask({ offset: 501 })).toMatchObject({
    status: 400,
    result: { errors: { offset: expect.anything() } },
  });
  expect((await ask({ hits: 101 })).status).toBe(400);
  await fake.close();
  fake = await startFakeDmm({ items: 700, floors: [floor], maxOffset: 500, countCeiling: 50_000 });
  expect(Number((await ask({ hits: 1 })).result.total_count)).toBe(700);
});

test("both ends of a window of dates are included, in Japanese time, newest first; a zone is not taken", async () => {
  fake = await startFakeDmm({ items: 0, floors: [floor] });
  const [one] = makeFacts({ seed: 1, items: 1, floors: [floor], now: Date.UTC(2026, 10, 20) });
  const at = (second: number): number => Date.parse("2026-05-01T00:00:00+09:00") + second * 1000;
  fake.listing.put([0, 1, 2, 3].map((second) => ({ ...one!, contentId: `c${second}`, at: at(second) })));
  const { result } = await ask({ gte_date: "2026-05-01T00:00:01", lte_date: "2026-05-01T00:00:02" });
  expect(result.items.map(({ content_id }) => content_id)).toEqual(["c2", "c1"]);
  expect((await ask({ gte_date: "2026-05-01T00:00:01+09:00" })).status).toBe(400);
});

test("items are filled in, move, and go while the server runs", async () => {
  fake = await startFakeDmm({ items: 50, floors: [floor] });
  const [first, second] = fake.listing.all();
  fake.listing.put([{ ...first!, announced: false, at: first!.at + 86_400_000, genres: ["Genre New"] }]);
  fake.listing.remove([second!]);
  expect(fake.listing.all()).toHaveLength(49);
  const { result } = await ask({ cid: first!.contentId });
  expect(result.items).toMatchObject([{ iteminfo: { genre: expect.anything() } }]);
  expect((await ask({ cid: second!.contentId })).result.items).toEqual([]);
});

test("the same seed is the same catalogue, and a work may be on two floors", async () => {
  const options = { seed: 3, items: 3000, floors: [floor, "FANZA/mono/dvd"], now: Date.UTC(2026, 10, 20) };
  const facts = makeFacts(options);
  expect(makeFacts(options)).toEqual(facts);
  const ids = facts.map((fact) => itemOf(fact)!.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(facts.map(({ contentId }) => contentId)).size).toBeLessThan(ids.length);
  const announced = facts.filter((fact) => fact.announced).length;
  expect(announced).toBeGreaterThan(0);
  expect(announced).toBeLessThan(600);
});
