// What the bundle has in place of the global timers: in Deno these are Node's, which load a good part of Node when the first
// one is set, and the first query sets one.

interface Timer {
  readonly signal: AbortSignal;
  readonly run: () => void;
}

export function setTimeout<Given extends readonly unknown[]>(
  call: (...given: Given) => void,
  milliseconds = 0,
  ...given: Given
): Timer {
  const signal = AbortSignal.timeout(milliseconds);
  const run = (): void => call(...given);
  signal.addEventListener("abort", run, { once: true });
  return { signal, run };
}

export function clearTimeout(timer: Timer | null | undefined): void {
  timer?.signal.removeEventListener("abort", timer.run);
}
