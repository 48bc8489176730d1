import type { StudyPlan, Trial } from "./study.ts";

/** A study as it is kept. */
export interface StudyFacts {
  readonly name: string;
  readonly plan: StudyPlan;
  readonly trials: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** Where studies are kept, and every trial of them. */
export interface StudyStore {
  /** Begins a study unless there is one of the name, and gives the plan of the one there is. */
  begin(name: string, plan: StudyPlan): Promise<StudyPlan>;
  /** Every study, the latest first. */
  studies(): Promise<readonly StudyFacts[]>;
  /** Its trials by number; none where there is no such study. */
  trials(name: string): Promise<readonly Trial[]>;
  /** Keeps a trial as it stands now, in the place of what was kept under its number. */
  save(name: string, trial: Trial): Promise<void>;
  /**
   * Takes the place of the one who works on a study, or keeps it, for some milliseconds.
   *
   * @returns False while another has it.
   */
  lease(name: string, owner: string, milliseconds: number): Promise<boolean>;
  /** Gives the place back; nothing where somebody else has it. */
  release(name: string, owner: string): Promise<void>;
  /** Removes a study and its trials; false where there is none. */
  remove(name: string): Promise<boolean>;
}
