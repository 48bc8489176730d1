import { type Clock, isFutagoError, isOutOfMemory } from "../base/mod.ts";
import type { Task } from "../towers/mod.ts";
import type { AnswerSource } from "./answer.ts";

/** Where the chain broke: a version could not be opened, its towers or vectors did not answer, or the database. */
export type ChainLink = "opening" | "answering" | "database";

/** Told what breaks, who answers instead, and when it works again. Codes and links, never an id. */
export interface EngineObserver {
  /** A link works no more; told once, until it recovers. */
  failed?(link: ChainLink, code: string): void;
  /** An answer came from `source` as a link before it is broken; told for each answer. */
  fellBack?(source: AnswerSource, code: string): void;
  /** A link works again, so many milliseconds after it was first seen broken. */
  recovered?(link: ChainLink, code: string, milliseconds: number): void;
  /** A version serves from now on; `createdAt` in milliseconds since 1970, absent where none serves. */
  serving?(version: string | null, createdAt: number | undefined): void;
  /** A value formula is set, and answers of a version are ranked by it, or by similarity as it lacks these heads. */
  valuing?(version: string, lacking: readonly Task[]): void;
}

/** Remembers which links are broken, so that their recovery is seen. */
export class Faults {
  readonly #clock: Clock;
  readonly #observer: EngineObserver;
  readonly #broken = new Map<ChainLink, { readonly code: string; readonly since: number }>();

  constructor(clock: Clock, observer: EngineObserver = {}) {
    this.#clock = clock;
    this.#observer = observer;
  }

  broken(link: ChainLink, code: string): void {
    if (this.#broken.has(link)) return;
    this.#broken.set(link, { code, since: this.#clock.now() });
    this.#observer.failed?.(link, code);
  }

  works(link: ChainLink): void {
    const fault = this.#broken.get(link);
    if (fault === undefined) return;
    this.#broken.delete(link);
    this.#observer.recovered?.(link, fault.code, Math.max(0, this.#clock.now() - fault.since));
  }

  /** Tells of an answer that was given while a link is broken; the link that broke last is why. */
  answered(source: AnswerSource): void {
    const fault = [...this.#broken.values()].at(-1);
    if (fault !== undefined) this.#observer.fellBack?.(source, fault.code);
  }
}

/**
 * What went wrong, in a word that may be logged and counted.
 *
 * @param error What was caught.
 * @returns A `FutagoError` code, `out_of_memory`, or `internal`.
 */
export function codeOf(error: unknown): string {
  if (isOutOfMemory(error)) return "out_of_memory";
  return isFutagoError(error) ? error.code : "internal";
}

/**
 * Whether the database gave no answer, so that asking it something else would give none either.
 *
 * @param error What was caught.
 * @returns True for `database_unreachable` and `database_busy`.
 */
export function isDatabaseAway(error: unknown): boolean {
  return isFutagoError(error) && (error.code === "database_unreachable" || error.code === "database_busy");
}
