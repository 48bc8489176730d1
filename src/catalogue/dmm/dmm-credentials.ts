/** What the API knows a client by. Neither may be shown, logged or stored. */
export interface DmmCredentials {
  readonly apiId: string;
  /** The id for the API alone, which ends in -990 to -999. */
  readonly affiliateId: string;
}

/** What {@link scrubber} puts in place of a credential. */
export const redacted = "[redacted]";

/**
 * Checks credentials before anything is asked with them.
 *
 * @param credentials As an environment gave them.
 * @returns The same, frozen.
 * @throws TypeError Where one is missing or has another form. It does not repeat what stood there.
 */
export function checkedDmmCredentials(credentials: DmmCredentials): DmmCredentials {
  const { apiId, affiliateId } = credentials;
  if (typeof apiId !== "string" || !/^\S{4,200}$/.test(apiId)) {
    throw new TypeError(
      "Cannot ask the DMM API as it needs an API id of 4 to 200 characters without spaces: set DMM_API_ID",
    );
  }
  if (typeof affiliateId !== "string" || !/^\S{1,190}-99[0-9]$/.test(affiliateId)) {
    throw new TypeError(
      "Cannot ask the DMM API as it needs an affiliate id for the API, which ends in -990 to -999: set DMM_AFFILIATE_ID",
    );
  }
  return Object.freeze({ apiId, affiliateId });
}

/** Takes credentials out of plain data: texts, and lists and objects of them. */
export type Scrub = <Value>(value: Value) => Value;

/**
 * Answers of the API repeat the credentials, in the echo of the request and inside links. Whatever leaves the client
 * passes through this.
 *
 * @param credentials What must not be seen, as it is and URL-encoded.
 * @returns A function that gives the same value where there was nothing to take out.
 */
export function scrubber(credentials: DmmCredentials): Scrub {
  const secrets = [
    ...new Set(
      Object.values(credentials).flatMap((secret: string) => [
        secret,
        encodeURIComponent(secret),
        encodeURIComponent(encodeURIComponent(secret)),
      ]),
    ),
  ].sort((a, b) => b.length - a.length);
  const clean = (value: unknown): unknown => {
    if (typeof value === "string") {
      return secrets.reduce((text, secret) => text.replaceAll(secret, redacted), value);
    }
    if (Array.isArray(value)) {
      const members = value.map(clean);
      return members.some((member, index) => member !== value[index]) ? members : value;
    }
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const cleaned = entries.map(([key, member]) => [key, clean(member)] as const);
    return cleaned.some(([, member], index) => member !== entries[index]![1])
      ? Object.fromEntries(cleaned)
      : value;
  };
  return clean as Scrub;
}
