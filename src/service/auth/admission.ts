import { type Clock, digestHex, isFutagoError } from "../../base/mod.ts";
import { Problem } from "../problem.ts";
import type { Authenticator, Caller } from "./caller.ts";
import { credentialOf } from "./credential.ts";
import { createRateLimiter, type RateLimit } from "./rate-limiter.ts";

/** What {@link createAdmission} is given. */
export interface AdmissionOptions {
  readonly authenticator: Authenticator | undefined;
  readonly rateLimit: RateLimit | undefined;
  readonly clock: Clock;
}

/** Lets a request in: who asks, and whether not too often. */
export type Admit = (request: Request, clientAddress: string | undefined) => Promise<Caller>;

/**
 * The door of every route that is not open to all. Viewers are counted by who they are, the application by its key, and
 * whoever is refused by address, so that neither many addresses of one viewer nor many viewers behind one address matter.
 *
 * @param options Authenticator, limits, clock.
 * @returns Lets a request in, or throws FutagoError `unauthorized`, `auth_unavailable` or Problem `rate_limited`.
 */
export function createAdmission(options: AdmissionOptions): Admit {
  const { authenticator, rateLimit, clock } = options;
  if (authenticator === undefined) return async () => ({ kind: "local" });
  const limiter = (limit: RateLimit | undefined) =>
    limit === undefined ? undefined : createRateLimiter(limit, { clock });
  const viewers = limiter(rateLimit);
  // In a memory of their own: a flood of strangers must not make us forget how often viewers asked.
  const strangers = limiter(rateLimit);
  const service = rateLimit?.servicePerMinute;
  const keys = limiter(service === undefined ? undefined : { perMinute: service });

  return async (request, clientAddress) => {
    let caller: Caller;
    try {
      caller = await authenticator.authenticate(request);
    } catch (error) {
      if (isFutagoError(error) && error.code === "unauthorized") {
        waitFor(strangers?.take(clientAddress ?? "unknown"));
      }
      throw error;
    }
    if (caller.kind === "viewer") waitFor(viewers?.take(caller.personId));
    if (caller.kind === "service" && keys !== undefined) {
      waitFor(keys.take(await digestHex(credentialOf(request.headers))));
    }
    return caller;
  };
}

function waitFor(seconds = 0): void {
  if (seconds === 0) return;
  throw new Problem(
    "rate_limited",
    `Cannot answer as requests must come less often: wait ${seconds} s, then ask again`,
    { headers: { "retry-after": String(seconds) } },
  );
}
