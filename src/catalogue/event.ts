/** What a viewer did. The position in this list is the code that {@link Dataset} columns hold. */
export const eventKinds = ["like", "nope", "view"] as const;

/** A like, a "no thanks", or a view. */
export type EventKind = (typeof eventKinds)[number];

/** One thing one viewer did with one item. */
export interface CatalogueEvent {
  readonly personId: string;
  readonly itemId: string;
  readonly kind: EventKind;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** Of a view: the share that was watched, 0-1; absent where unknown. */
  readonly watchFraction?: number;
  /** Of a view: seconds watched; absent where unknown. */
  readonly watchSeconds?: number;
}
