/** Something that is broken. */
export interface Alert {
  /** The rule and what it is about: `job_failed retrain`. */
  readonly name: string;
  /** For a person. Never personal data, ids, titles or messages of errors. */
  readonly text: string;
}

/** What a destination is to be told. */
export interface AlertMessage extends Alert {
  /** False: it works again. */
  readonly broken: boolean;
  /** Since when, in milliseconds since 1970. */
  readonly at: number;
}

/** What is broken, and what each destination was told of it. Implemented over Postgres in `adapters/postgres`. */
export interface AlertStore {
  /** Records what is broken now; whatever else was broken works again, but for what is `unknown`. */
  reconcile(
    destination: string,
    found: { readonly broken: readonly Alert[]; readonly unknown: readonly string[] },
  ): Promise<void>;
  /** What has changed since it was last told; nobody else gets it for `leaseMs`, nor at all once it is told. */
  claim(destination: string, leaseMs: number): Promise<readonly AlertMessage[]>;
  /** It arrived. */
  told(destination: string, message: Pick<AlertMessage, "name" | "broken">): Promise<void>;
}
