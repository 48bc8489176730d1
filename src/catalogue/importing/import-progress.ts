import { FutagoError, type Progress, type ProgressTask } from "../../base/mod.ts";
import type { ImportFile } from "./import-plan.ts";

/** Opens a task over the bytes of a file, in KiB. */
export function startTask(progress: Progress, act: string, file: ImportFile): ProgressTask {
  const total = file.size === undefined ? undefined : Math.floor(file.size / 1024);
  return progress.start(`${act} ${file.name}`, total);
}

/** Turns bytes into the whole KiB that {@link startTask} counts; a file of unknown size counts nothing. */
export function byteSteps(task: ProgressTask, file: ImportFile): (bytes: number) => void {
  let bytes = 0;
  if (file.size === undefined) return () => {};
  return (more) => {
    const before = Math.floor(bytes / 1024);
    bytes += more;
    task.advance(Math.floor(bytes / 1024) - before);
  };
}

/** Stops long reading where the caller asked for it. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new FutagoError(
    "cancelled",
    "Cannot finish the import as it was cancelled: run the same command again to continue where it stopped",
  );
}
