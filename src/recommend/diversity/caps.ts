/** A bound on how often a value may occur among what is chosen. */
export interface Cap {
  /** At most so many candidates of one value, from 1. */
  readonly most: number;
  /** The values of a candidate: its maker, its performers. */
  readonly valuesOf: (candidate: number) => readonly string[];
}

/** Counts what was chosen against caps. */
export interface CapCount {
  /** Whether a candidate may still be chosen: none of its values has reached its cap. */
  allows(candidate: number): boolean;
  chosen(candidate: number): void;
}

/**
 * Starts counting.
 *
 * @param caps Every one must hold; none allows everything.
 * @returns The count, at 0.
 */
export function countCaps(caps: readonly Cap[]): CapCount {
  const counts = caps.map(() => new Map<string, number>());
  return {
    allows: (candidate) =>
      caps.every(({ most, valuesOf }, c) =>
        valuesOf(candidate).every((value) => (counts[c]!.get(value) ?? 0) < most),
      ),
    chosen: (candidate) => {
      for (const [c, { valuesOf }] of caps.entries()) {
        for (const value of new Set(valuesOf(candidate))) {
          counts[c]!.set(value, (counts[c]!.get(value) ?? 0) + 1);
        }
      }
    },
  };
}
