/** What every benchmark is given. */
export interface BenchmarkOptions {
  /** Arguments after the benchmark's name, for those that take some: `--videos 50000`. */
  readonly args: readonly string[];
  /** Tells a person how far it is; silent under `--json`. */
  readonly log: (line: string) => void;
}

/** A benchmark is a file `bench/<name>.ts` that exports this as `run` and its purpose in a line as `about`. */
export type Benchmark = (options: BenchmarkOptions) => Promise<Readonly<Record<string, unknown>>>;
