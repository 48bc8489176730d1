import type { Blocks } from "./store.ts";

/** Names of each kind that a person may block. */
const maxNames = 1000;
const maxNameLength = 200;

/**
 * Blocks as every store keeps them.
 *
 * @param blocks As a caller gave them.
 * @returns Each name once, in code-unit order.
 * @throws RangeError For more than 1000 names of a kind, or one of more than 200 characters or none.
 */
export function checkedBlocks(blocks: Blocks): Blocks {
  return Object.freeze({
    makers: checkedNames(blocks.makers, "makers"),
    performers: checkedNames(blocks.performers, "performers"),
  });
}

function checkedNames(names: readonly string[], kind: string): readonly string[] {
  if (names.length > maxNames) {
    throw new RangeError(
      `Cannot block ${kind} as there may be at most ${maxNames}: current count is ${names.length}`,
    );
  }
  const length = names.find((name) => name.length < 1 || name.length > maxNameLength)?.length;
  if (length !== undefined) {
    throw new RangeError(
      `Cannot block ${kind} as a name must have 1 to ${maxNameLength} characters: current length is ${length}`,
    );
  }
  return Object.freeze([...new Set(names)].sort());
}
