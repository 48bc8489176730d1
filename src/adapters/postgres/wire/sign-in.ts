import { md5 } from "@noble/hashes/legacy.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { FutagoError } from "../../../base/mod.ts";

const utf8 = new TextEncoder();

/**
 * The answer to an MD5 challenge: `md5(md5(password user) salt)`, as older servers and poolers ask for it.
 *
 * @param asked Who signs in, and the server's salt.
 * @returns What to send.
 */
export function md5Answer(asked: {
  readonly user: string;
  readonly password: string;
  readonly salt: Uint8Array;
}): string {
  const inner = utf8.encode(bytesToHex(md5(utf8.encode(asked.password + asked.user))));
  return `md5${bytesToHex(md5(new Uint8Array([...inner, ...asked.salt])))}`;
}

/** One sign-in by SCRAM-SHA-256, in which either side proves that it knows the password without sending it. */
export interface Scram {
  /** The first message. */
  readonly first: string;
  /** The second, to the server's first. */
  answer(serverFirst: string): Promise<string>;
  /** Whether the server, too, knew the password: throws FutagoError `database_unreachable` where not. */
  check(serverFinal: string): void;
}

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding.
 *
 * ```
 * salted = PBKDF2(password, salt, iterations)        client key = HMAC(salted, "Client Key")
 * said   = client first , server first , client final without proof
 * proof  = client key xor HMAC(SHA256(client key), said)
 * server signature = HMAC(HMAC(salted, "Server Key"), said)
 * ```
 *
 * @param password Of the user.
 * @param options `user`: Postgres takes the name from the start of the connection, and heeds none here. `nonce`: random
 * text without commas, of 18 bytes by default.
 * @returns The exchange.
 */
export function startScram(
  password: string,
  { user = "*", nonce = randomText() }: { readonly user?: string; readonly nonce?: string } = {},
): Scram {
  const bare = `n=${user},r=${nonce}`;
  let expected: string | undefined;
  return {
    first: `n,,${bare}`,
    answer: async (serverFirst) => {
      const { r = "", s = "", i = "" } = attributes(serverFirst);
      const iterations = Number(i);
      if (!r.startsWith(nonce) || r === nonce || !(iterations >= 1)) throw refused();
      const salted = await stretch(password, { salt: fromBase64(s), iterations });
      const withoutProof = `c=biws,r=${r}`;
      const said = `${bare},${serverFirst},${withoutProof}`;
      const clientKey = await hmac(salted, "Client Key");
      const signature = await hmac(new Uint8Array(await crypto.subtle.digest("SHA-256", clientKey)), said);
      expected = toBase64(await hmac(await hmac(salted, "Server Key"), said));
      return `${withoutProof},p=${toBase64(clientKey.map((byte, at) => byte ^ signature[at]!))}`;
    },
    check: (serverFinal) => {
      if (expected === undefined || attributes(serverFinal)["v"] !== expected) throw refused();
    },
  };
}

function refused(): FutagoError {
  return new FutagoError(
    "database_unreachable",
    "Cannot trust the database as it must prove that it knows the password, too: it did not; check its address",
    { details: { code: "SASL" } },
  );
}

/** `r=…,s=…,i=4096` by letter; a value may have `=` in it. */
function attributes(message: string): Readonly<Record<string, string>> {
  return Object.fromEntries(message.split(",").map((part) => [part[0] ?? "", part.slice(2)]));
}

async function stretch(
  password: string,
  { salt, iterations }: { readonly salt: Uint8Array<ArrayBuffer>; readonly iterations: number },
): Promise<Uint8Array<ArrayBuffer>> {
  // SASLprep for what is not ASCII, short of its lists of what is forbidden.
  const secret = utf8.encode(password.normalize("NFKC"));
  const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(
    await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 256),
  );
}

async function hmac(secret: Uint8Array<ArrayBuffer>, said: string): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(said)));
}

function randomText(): string {
  return toBase64(crypto.getRandomValues(new Uint8Array(18)));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
