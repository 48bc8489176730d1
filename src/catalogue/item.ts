/** What a field of an item or a person may hold. Absent and null both mean "not known". */
export type FieldValue = string | number | boolean | null | readonly string[] | readonly number[];

/** Fields by name; which of them count, and how, is declared in the feature schema. */
export type Fields = Readonly<Record<string, FieldValue>>;

/** One thing that can be recommended: a video, a film, an article. */
export interface Item {
  /** The catalogue's own id, at most 200 characters. */
  readonly id: string;
  readonly title: string;
  /**
   * Everything else. The video schema reads `description`, `genres`, `maker`, `series`, `performers`, `tags`,
   * `price` (yen), `durationMinutes`, `reviewCount`, `reviewAverage` (1-5), `thumbnailUrl`.
   */
  readonly fields: Fields;
  /** When it could first be watched, in milliseconds since 1970; absent where unknown. */
  readonly releasedAt?: number;
  /** Taken down: never recommended, in any path, from the next answer on. */
  readonly withdrawn?: boolean;
}
