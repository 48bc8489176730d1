import { type Blocks, type CatalogueEvent, type Item, itemFacts } from "../../catalogue/mod.ts";
import { type ItemFilter, matchesFilter } from "../../embeddings/mod.ts";

/** What keeps an item out of an answer, the most final first. */
export const obstacles = [
  "not_in_catalogue",
  "withdrawn",
  "blocked_maker",
  "blocked_performer",
  "liked",
  "refused",
  "watched",
  "excluded",
  "genre_filter",
  "price_filter",
  "maker_filter",
  "performer_filter",
  "no_vector",
  "below_limit",
  "value",
  "variety",
] as const;

/** What keeps an item out of an answer. */
export type Obstacle = (typeof obstacles)[number];

/** What was asked for, and what the viewer did and blocked. */
export interface ObstacleQuery {
  /** Whose; all of theirs on the item. */
  readonly deeds: readonly Pick<CatalogueEvent, "kind" | "watchFraction">[];
  readonly blocks: Blocks | undefined;
  readonly exclude: readonly string[];
  readonly filter: ItemFilter | undefined;
}

/**
 * What leaves an item out of a viewer's answers whatever its score.
 *
 * @param item As the catalogue has it; undefined where it has none.
 * @param query What was asked for, and by whom.
 * @returns All that holds; of a withdrawn item nothing else is told.
 */
export function obstaclesOf(item: Item | undefined, query: ObstacleQuery): readonly Obstacle[] {
  if (item === undefined) return ["not_in_catalogue"];
  if (item.withdrawn === true) return ["withdrawn"];
  const { deeds, blocks, exclude, filter = {} } = query;
  const facts = itemFacts(item);
  const fails = (condition: ItemFilter): boolean => !matchesFilter(facts, condition);
  const { genres, minPrice, maxPrice, excludeMakers, excludePerformers } = filter;
  // The rule of seen_video_ids: a look at less than a tenth says nothing about having seen it.
  const watched = deeds.some(({ kind, watchFraction }) => kind === "view" && (watchFraction ?? 1) >= 0.1);
  const holds: Partial<Record<Obstacle, boolean>> = {
    blocked_maker: fails({ excludeMakers: blocks?.makers ?? [] }),
    blocked_performer: fails({ excludePerformers: blocks?.performers ?? [] }),
    liked: deeds.some(({ kind }) => kind === "like"),
    refused: deeds.some(({ kind }) => kind === "nope"),
    watched,
    excluded: exclude.includes(item.id),
    genre_filter: fails({ genres: genres ?? [] }),
    price_filter: fails({
      ...(minPrice !== undefined && { minPrice }),
      ...(maxPrice !== undefined && { maxPrice }),
    }),
    maker_filter: fails({ excludeMakers: excludeMakers ?? [] }),
    performer_filter: fails({ excludePerformers: excludePerformers ?? [] }),
  };
  return obstacles.filter((obstacle) => holds[obstacle] === true);
}
