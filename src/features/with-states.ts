import { parseFittedFeatures } from "./check-fitted.ts";
import type { FeatureState, FittedFeatures } from "./fitted.ts";
import { itemLayoutOf, userLayoutOf } from "./layout.ts";

/** What is known of some features, by name. */
export interface KnownStates {
  readonly item?: Readonly<Record<string, FeatureState>>;
  readonly user?: Readonly<Record<string, FeatureState>>;
}

/**
 * Fitted features with other vocabularies or scales: those that a tower was trained with elsewhere.
 *
 * @param fitted What the other features keep.
 * @param states In the form in which fitting gives them: `{ words: ["drama", …] }` for a table, whose row 0 is "unknown"
 * and row i + 1 the word i; `{ centre, scale }` for a number.
 * @returns Fitted features with the layouts that follow.
 * @throws RangeError When a name is no feature of that side.
 * @throws FutagoError `bundle_corrupt` where a state has not its feature's form.
 */
export function withStates(fitted: FittedFeatures, states: KnownStates): FittedFeatures {
  const { schema } = fitted;
  for (const side of ["item", "user"] as const) {
    const names = new Set(schema[side].map(({ name }) => name));
    for (const name of Object.keys(states[side] ?? {})) {
      if (names.has(name)) continue;
      throw new RangeError(
        `Cannot replace the state of "${name}" as it must be one of the ${side} features ${[...names].join(", ")}`,
      );
    }
  }
  const itemStates = { ...fitted.itemStates, ...states.item };
  const userStates = { ...fitted.userStates, ...states.user };
  // Without their layouts first: what they lead to is known only once the states are.
  const known = { ...fitted, itemStates, userStates };
  try {
    const itemLayout = itemLayoutOf(schema, itemStates);
    const userLayout = userLayoutOf(schema, { itemStates, userStates });
    return parseFittedFeatures({ ...known, itemLayout, userLayout });
  } catch (error) {
    // A state of another form may also break what is made of it; the check says which it is.
    if (error instanceof TypeError) return parseFittedFeatures(known);
    throw error;
  }
}
