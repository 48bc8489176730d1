import type { ViewerOrder } from "./reorder-events.ts";

/**
 * An order of each viewer's items from text: lines of `user_id,movie_id,position`, with a heading or without.
 *
 * @param text The file; ids must not hold commas.
 * @returns Positions by person id and item id.
 * @throws RangeError When a line is something else.
 */
export function readViewerOrder(text: string): ViewerOrder {
  const order = new Map<string, Map<string, number>>();
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "") continue;
    const [person, item, position, ...rest] = trimmed.split(",");
    const at = position === undefined || !/^\d+$/.test(position) ? Number.NaN : Number(position);
    if (Number.isNaN(at) && index === 0) continue;
    if (Number.isNaN(at) || rest.length > 0) {
      throw new RangeError(
        `Cannot read the order as each line must be user_id,movie_id,position: line ${index + 1} is "${trimmed.slice(0, 80)}"`,
      );
    }
    let own = order.get(person!);
    if (own === undefined) {
      own = new Map();
      order.set(person!, own);
    }
    own.set(item!, at);
  }
  return order;
}
