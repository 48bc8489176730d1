import { createRandom } from "../../base/mod.ts";
import type { CatalogueEvent } from "../event.ts";
import type { Item } from "../item.ts";
import type { Person } from "../person.ts";
import { makeDemoEvents } from "./demo-events.ts";
import { makeDemoItems } from "./demo-items.ts";
import { makeDemoViewers } from "./demo-viewers.ts";

/** Options of {@link generateDemo}. */
export interface GenerateDemoOptions {
  /** @default 1 */
  readonly seed?: number;
  /** @default 3200 */
  readonly items?: number;
  /** @default 1000 */
  readonly people?: number;
}

/** A catalogue and its history, invented. */
export interface DemoCatalogue {
  readonly items: readonly Item[];
  readonly people: readonly Person[];
  /** By person, then time. */
  readonly events: readonly CatalogueEvent[];
}

/**
 * An invented video catalogue with six months of history: neutral titles, invented names, latent tastes of which content
 * shows a part and behaviour the rest, fashions that come and go, and noise. The same seed is the same data, always.
 *
 * @param options Seed and size.
 * @returns About 3,200 videos, 1,000 viewers and 95,000 events by default.
 * @throws RangeError When a size is not a positive whole number.
 *
 * @example
 * ```ts
 * import { generateDemo } from "futago";
 * const demo = generateDemo({ seed: 7, items: 100, people: 10 });
 * demo.items[0]?.id; // "video-00001"
 * ```
 */
export function generateDemo(options: GenerateDemoOptions = {}): DemoCatalogue {
  const { seed = 1, items: itemCount = 3200, people: peopleCount = 1000 } = options;
  for (const [name, value] of [
    ["items", itemCount],
    ["people", peopleCount],
  ] as const) {
    if (Number.isInteger(value) && value > 0) continue;
    throw new RangeError(
      `Cannot generate a demo as ${name} must be a positive whole number: current value is ${value}`,
    );
  }
  const random = createRandom(seed);
  // Streams of their own, so that more viewers do not change the videos.
  const items = makeDemoItems(random.fork("items"), itemCount);
  const viewers = makeDemoViewers(random.fork("viewers"), peopleCount);
  const events = makeDemoEvents(random.fork("events"), { items, viewers });
  return {
    items: items.map(({ item }) => item),
    people: viewers.map(({ person }) => person),
    events,
  };
}
