/**
 * Waits for something, but not for ever. What it waited for goes on: a promise cannot be stopped.
 *
 * @param work What is awaited.
 * @param milliseconds How long at most.
 * @param late What to reject with where it took longer.
 * @returns What `work` gave.
 */
export async function within<Result>(
  work: Promise<Result>,
  milliseconds: number,
  late: () => Error,
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ended = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    clearTimeout(timer);
  }
}
