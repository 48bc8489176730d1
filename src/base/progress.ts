/** One long task under way. */
export interface ProgressTask {
  /** Counts `units` more as done. */
  advance(units: number): void;
  /** Shows a short note beside the bar: a rate, a loss, a metric. */
  note(text: string): void;
  /** Ends the task; safe to call twice. */
  done(): void;
}

/** Where long work reports how far it is: bars on a terminal, plain lines elsewhere, nothing in tests. */
export interface Progress {
  /**
   * Opens a task.
   *
   * @param label What is being done, for a person.
   * @param total Units in all; undefined where nobody knows.
   */
  start(label: string, total?: number): ProgressTask;
}

/** Reports nothing. */
export const silentProgress: Progress = Object.freeze({
  start: () => ({ advance: () => {}, note: () => {}, done: () => {} }),
});
