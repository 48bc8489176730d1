import { createRandom } from "../../src/base/mod.ts";
import type { CatalogueEvent, Item, Person } from "../../src/catalogue/mod.ts";

const words = ["朝", "海", "山道", "手紙", "時計", "川辺", "図書館", "雨", "灯台", "列車"];
const genres = ["ドラマ", "旅", "料理", "音楽"];
const start = Date.UTC(2026, 0, 1);
const day = 86_400_000;

/** A catalogue small enough to go through every part in a second; the same in every runtime. */
export function smokeCatalogue(): { items: Item[]; people: Person[]; events: CatalogueEvent[] } {
  const random = createRandom(1);
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
  const items = Array.from(
    { length: 40 },
    (_, i): Item => ({
      id: `item-${i}`,
      title: `${pick(words)}と${pick(words)} 第${i}話`,
      fields: {
        description: `${pick(words)}の${pick(words)}`,
        genres: [pick(genres), pick(genres)],
        maker: `maker-${random.integer(5)}`,
        performers: [`performer-${random.integer(8)}`],
        price: random.integer(10) === 0 ? null : 500 + random.integer(2000),
        durationMinutes: 30 + random.integer(120),
      },
      releasedAt: start + random.integer(100) * day,
    }),
  );
  const people = Array.from(
    { length: 12 },
    (_, p): Person => ({ id: `person-${p}`, fields: {}, ageConfirmedAt: start }),
  );
  const events = people.flatMap(({ id }) =>
    Array.from(
      { length: 15 },
      (_, e): CatalogueEvent => ({
        personId: id,
        itemId: pick(items).id,
        kind: e % 5 === 0 ? "nope" : e % 3 === 0 ? "view" : "like",
        at: start + (100 + e) * day + random.integer(day),
        ...(e % 3 === 0 && e % 5 !== 0 ? { watchFraction: 0.5 } : {}),
      }),
    ),
  );
  return { items, people, events };
}
