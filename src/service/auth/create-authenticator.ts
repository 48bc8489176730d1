import { type Clock, digestHex, FutagoError } from "../../base/mod.ts";
import type { Authenticator } from "./caller.ts";
import { credentialOf } from "./credential.ts";
import { createTokenVerifier, type JwtOptions } from "./token-verifier.ts";

/** Options of {@link createAuthenticator}. At least one of `serviceKeys` and `jwt`. */
export interface AuthenticatorOptions {
  /** Secret keys of the application, such as `sb_secret_…`. Several, so that they can be changed one after the other. */
  readonly serviceKeys?: readonly string[];
  /** How viewers prove who they are. Absent: no viewer may ask, only the application for them. */
  readonly jwt?: JwtOptions;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
}

/**
 * Tells callers apart: the application by a secret key, viewers by a token. Both come as `Authorization: Bearer …` or
 * `apikey: …`; where both headers are there, Authorization counts.
 *
 * @param options Keys and tokens that are accepted.
 * @returns The authenticator.
 * @throws RangeError For options under which nobody, or anybody, could ask.
 *
 * @example
 * ```ts
 * import { createAuthenticator } from "futago";
 * const authenticator = createAuthenticator({ serviceKeys: ["sb_secret_example"], clock: Date, fetch });
 * const request = new Request("http://localhost", { headers: { apikey: "sb_secret_example" } });
 * (await authenticator.authenticate(request)).kind; // "service"
 * ```
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { serviceKeys = [], jwt } = options;
  if (serviceKeys.some((key) => key.trim() === "") || (serviceKeys.length === 0 && jwt === undefined)) {
    throw new RangeError(
      "Cannot authenticate as there must be a service key or jwt, and no key may be empty",
    );
  }
  let hashes: Promise<readonly string[]> | undefined;
  const verify = jwt === undefined ? undefined : createTokenVerifier(jwt, options);

  return Object.freeze<Authenticator>({
    authenticate: async ({ headers }) => {
      const given = credentialOf(headers);
      hashes ??= Promise.all(serviceKeys.map(digestHex));
      const hash = await digestHex(given);
      // Every key is compared, and to its end: hashes have one length, so that time tells nothing about a key.
      let known = false;
      for (const key of await hashes) known = equalInConstantTime(hash, key) || known;
      if (known) return { kind: "service" };
      // Three parts are a token; anything else was meant to be a key.
      if (verify !== undefined && given.split(".").length === 3) return verify(given);
      throw new FutagoError(
        "unauthorized",
        `Cannot answer as the caller must be known: ${given === "" ? "nothing says who asks" : "the key is not"}; send a key or a token as Authorization: Bearer …`,
      );
    },
  });
}

function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
