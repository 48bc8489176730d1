import type { Taste } from "./person.ts";

/** Values of each field that a person may declare. */
const maxValues = 100;
const maxLength = 200;

/**
 * A taste as every store keeps it.
 *
 * @param taste As a caller gave it.
 * @returns Each value once, in the order in which they were given.
 * @throws RangeError For more than 100 values of a field, or one of more than 200 characters or none.
 */
export function checkedTaste(taste: Taste): Taste {
  return Object.freeze(
    Object.fromEntries(Object.entries(taste).map(([field, values]) => [field, checkedValues(values, field)])),
  );
}

function checkedValues(values: readonly string[], field: string): readonly string[] {
  if (values.length > maxValues) {
    throw new RangeError(
      `Cannot declare a taste as there may be at most ${maxValues} values of "${field}": current count is ${values.length}`,
    );
  }
  const length = values.find((value) => value.length < 1 || value.length > maxLength)?.length;
  if (length !== undefined) {
    throw new RangeError(
      `Cannot declare a taste as a value must have 1 to ${maxLength} characters: current length is ${length}`,
    );
  }
  return Object.freeze([...new Set(values)]);
}
