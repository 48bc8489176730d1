/** What can be learned beside the ranking, in the order of the columns of the heads. */
export const tasks = ["like", "watch", "nope"] as const;

/** One of {@link tasks}: whether an item that was met is liked, which share is watched, whether it is refused. */
export type Task = (typeof tasks)[number];

/** A head over served vectors. */
export interface ServedHead {
  /** What each of the `dims` components counts. */
  readonly weights: readonly number[];
  /** Above 0. */
  readonly scale: number;
  readonly bias: number;
}

/** The heads of a version, as its bundle has them: plain data, which needs no runtime. */
export interface ServedHeads {
  readonly kind: "served_heads";
  /** Those that were trained. */
  readonly heads: Readonly<Partial<Record<Task, ServedHead>>>;
}

/** The served vectors of a viewer and an item, of one width. */
export interface VectorPair {
  readonly user: ArrayLike<number>;
  readonly item: ArrayLike<number>;
}

/**
 * The tasks of which there is a head.
 *
 * @param heads Of a version; undefined where it has none.
 * @returns In the order of {@link tasks}.
 */
export function servedTasks(heads: ServedHeads | undefined): readonly Task[] {
  return tasks.filter((task) => heads?.heads[task] !== undefined);
}

/**
 * The chance that a viewer likes or refuses an item, or the share they watch of it:
 *
 *   p = 1 / (1 + e^(-z)),  z = scale · Σ_d weight_d user_d item_d + bias
 *
 * @param head Of the task.
 * @param pair Both vectors.
 * @returns 0-1.
 */
export function headChance({ weights, scale, bias }: ServedHead, { user, item }: VectorPair): number {
  let sum = 0;
  for (let d = 0; d < weights.length; d++) sum += weights[d]! * user[d]! * item[d]!;
  return 1 / (1 + Math.exp(-(scale * sum + bias)));
}
