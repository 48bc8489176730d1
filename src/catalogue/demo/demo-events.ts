import type { Random } from "../../base/mod.ts";
import type { CatalogueEvent } from "../event.ts";
import { appealOf } from "./demo-appeal.ts";
import type { DemoItem } from "./demo-items.ts";
import { dayMs, demoDays, demoEnd, demoStart, japanOffset } from "./demo-time.ts";
import type { DemoViewer } from "./demo-viewers.ts";
import { cumulative, drawIndex, logistic } from "./draw.ts";

/** Where to look for videos, prepared once. */
interface Shelves {
  readonly items: readonly DemoItem[];
  /** By day: sums of how prominently each video is shown. */
  readonly byDay: readonly Float64Array[];
}

/**
 * What the demo's viewers did in six months.
 *
 * @param random Where chance comes from.
 * @param world Videos and viewers.
 * @returns Events by viewer, then time.
 */
export function makeDemoEvents(
  random: Random,
  world: { readonly items: readonly DemoItem[]; readonly viewers: readonly DemoViewer[] },
): CatalogueEvent[] {
  const shelves = stack(world.items);
  return world.viewers.flatMap((viewer) => live(random, viewer, shelves));
}

function stack(items: readonly DemoItem[]): Shelves {
  const byDay = Array.from({ length: demoDays }, (_, day) =>
    cumulative(items.map((item) => prominence(item, day))),
  );
  return { items, byDay };
}

// Nothing before its release; then a peak that halves every two weeks, and for some a second one.
function prominence({ fame, releasedDay, burstDay }: DemoItem, day: number): number {
  const age = day - releasedDay;
  if (age < 0) return 0;
  const fresh = 3 * Math.exp(-age / 20);
  const talkedOf = burstDay < 0 ? 0 : 4 * Math.exp(-(((day - burstDay) / 8) ** 2));
  return Math.exp(1.15 * fame) * (1 + fresh + talkedOf);
}

function live(random: Random, viewer: DemoViewer, shelves: Shelves): CatalogueEvent[] {
  const appeal = appealOf(viewer, shelves.items);
  const search = cumulative(appeal.map((own, i) => Math.exp(1.6 * own + 0.5 * shelves.items[i]!.fame)));
  const decided = new Set<number>();
  const events: CatalogueEvent[] = [];
  const first = Math.max(0, viewer.joinedDay);
  const visits = Math.round((viewer.visits * (demoDays - first)) / demoDays);
  const times = Array.from({ length: visits }, () => drawVisit(random, viewer, first)).sort((a, b) => a - b);
  for (const start of times) {
    let at = start;
    const day = Math.min(demoDays - 1, Math.floor((start - demoStart) / dayMs));
    const looked = 6 + random.integer(18);
    for (let position = 0; position < looked; position++) {
      const index = comeAcross(random, { shelves, search, day });
      const item = shelves.items[index]!;
      if (item.releasedDay > day || decided.has(index)) continue;
      at += 4000 + random.integer(20_000);
      for (const event of react(random, { viewer, item, appeal: appeal[index]!, position, at })) {
        if (at >= demoEnd) continue;
        if (event.kind !== "view") decided.add(index);
        events.push({ ...event, at });
        at += 1000 * (1 + (event.watchSeconds ?? 0));
      }
    }
  }
  // Two visits may overlap: somebody came back while something long was still playing.
  return events.sort((a, b) => a.at - b.at);
}

// Weekends twice as likely as weekdays, hours around the viewer's own.
function drawVisit(random: Random, viewer: DemoViewer, first: number): number {
  for (;;) {
    const day = first + random.integer(demoDays - first);
    const weekday = new Date(demoStart + day * dayMs).getUTCDay();
    if (weekday > 0 && weekday < 6 && random.next() < 0.5) continue;
    const hour = (((viewer.hour + 1.5 * random.normal()) % 24) + 24) % 24;
    const at = demoStart + day * dayMs + Math.floor(hour * 3_600_000) - japanOffset;
    if (at >= demoStart) return at;
  }
}

// What people go and look for follows their taste and what is known; the rest is put before them, by fame or chance.
function comeAcross(
  random: Random,
  {
    shelves,
    search,
    day,
  }: { readonly shelves: Shelves; readonly search: Float64Array; readonly day: number },
): number {
  const way = random.next();
  if (way < 0.55) return drawIndex(random, search);
  if (way < 0.92) return drawIndex(random, shelves.byDay[day]!);
  return random.integer(shelves.items.length);
}

interface Encounter {
  readonly viewer: DemoViewer;
  readonly item: DemoItem;
  readonly appeal: number;
  /** From the top of the page. */
  readonly position: number;
  readonly at: number;
}

function react(random: Random, { viewer, item, appeal, position, at }: Encounter): CatalogueEvent[] {
  const ids = { personId: viewer.person.id, itemId: item.item.id };
  const noticed = Math.exp(-position / 25);
  const events: CatalogueEvent[] = [];
  const liking = 2.5 * (appeal - likeThreshold) + viewer.generosity;
  if (random.next() < noticed * logistic(1.2 * (appeal - viewThreshold))) {
    const duration = Number(item.item.fields["durationMinutes"]) * 60;
    // People leave early what they do not care for.
    const fraction = Math.min(1, Math.max(0.01, logistic(0.9 * (appeal - 1.2) + random.normal())));
    const watchFraction = Math.round(fraction * 1000) / 1000;
    events.push({
      ...ids,
      kind: "view",
      at,
      watchFraction,
      watchSeconds: Math.round(duration * watchFraction),
    });
  }
  // What was watched is judged; what was only noticed is now and then.
  const judged = events.length > 0 ? 0.9 : 0.35 * noticed;
  if (random.next() >= judged) return events;
  if (random.next() < logistic(liking)) events.push({ ...ids, kind: "like", at });
  else if (random.next() < 0.5 * logistic(-1.5 * (appeal + 0.3))) events.push({ ...ids, kind: "nope", at });
  return events;
}

const likeThreshold = 3;
const viewThreshold = 3.6;
