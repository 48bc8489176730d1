import type { FeatureImportance } from "../evaluation/mod.ts";

/** Where a version stands. At most one is `active`. */
export type VersionStatus = "candidate" | "active" | "retired";

/** One trained model as the database knows it. */
export interface ModelVersion {
  /** Sortable and unique: `2026.11.20-1`. */
  readonly version: string;
  /** Unique too, for people: `1.4.0`. The first number counts changes of inputs or width, the second trainings. */
  readonly semanticVersion: string;
  readonly status: VersionStatus;
  /** Width of its vectors. */
  readonly dims: number;
  readonly preset: string;
  /** SHA-256 of the bundle's manifest. */
  readonly manifestHash: string;
  /** Metrics of the last evaluation, by name. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly parent: string | null;
  readonly description: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** When it last became active; null where it never was. */
  readonly activatedAt: number | null;
}

/** What a version is called besides its name; absent: as it is. */
export interface VersionLabel {
  readonly semanticVersion?: string;
  readonly description?: string;
}

/** The rows of `embedding_model_versions`. */
export interface VersionStore {
  /** RangeError where its name or its semantic version is taken. */
  add(version: Omit<ModelVersion, "status" | "activatedAt">): Promise<void>;
  /** Says otherwise what a version is for people; RangeError where the semantic version is another's. */
  relabel(version: string, label: VersionLabel): Promise<void>;
  /** Newest first. */
  list(): Promise<readonly ModelVersion[]>;
  get(version: string): Promise<ModelVersion | undefined>;
  active(): Promise<ModelVersion | undefined>;
  /**
   * Makes `version` the active one and the former active one `retired`, in one transaction, and tells whoever listens.
   * Idempotent.
   */
  activate(version: string): Promise<void>;
  /** Keeps how important each feature is to a version, in place of what was kept; FutagoError `not_found` for an unknown one. */
  putImportance(version: string, features: readonly FeatureImportance[]): Promise<void>;
  /** What {@link putImportance} kept, the most important first; empty where nothing was measured. */
  importance(version: string): Promise<readonly FeatureImportance[]>;
  /** The version that was active before the active one; undefined where there is none. */
  previous(): Promise<ModelVersion | undefined>;
  /**
   * Removes the row and everything embedded under it; refuses the active version with a RangeError. Answers under way
   * are not held up: where its tables stay in use, FutagoError `database_busy`, and nothing was removed.
   */
  remove(version: string): Promise<void>;
}
