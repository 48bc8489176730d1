/** Who asks, as far as it is proven. */
export type Caller =
  /** Anybody on this machine: there is no authenticator, so the service listens nowhere else. */
  | { readonly kind: "local" }
  /** The application itself, by a secret key: acts for every viewer. */
  | { readonly kind: "service" }
  /** A signed-in person: acts for themselves alone. */
  | {
      readonly kind: "viewer";
      /** The token's `sub`. */
      readonly personId: string;
      /** The token proves their age. False says nothing: their profile may. */
      readonly ageConfirmed: boolean;
    };

/** Finds out who asks. */
export interface Authenticator {
  /**
   * @param request Its headers are read, nothing else.
   * @returns The caller; never `local`.
   * @throws FutagoError `unauthorized`, or `auth_unavailable` where the keys that would tell cannot be fetched.
   */
  authenticate(request: Request): Promise<Caller>;
}
