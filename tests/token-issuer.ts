import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { testNow } from "./tiny-model.ts";

/** A key pair of an issuer. */
export interface IssuerKey {
  readonly kid: string;
  readonly alg: "ES256" | "RS256";
  readonly privateKey: CryptoKey;
  /** As the JWKS has it. */
  readonly publicJwk: JWK;
}

/** What tokens are for, unless a test says otherwise. */
export const audience = "authenticated";
/** The secret of a legacy project. */
export const legacySecret = "a legacy secret of more than 32 characters";

/**
 * Makes a key pair.
 *
 * @param kid Its name.
 * @param alg What it signs by.
 * @returns The pair.
 */
export async function newKey(kid: string, alg: "ES256" | "RS256" = "ES256"): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** Claims of a signed-in viewer at the moment tests take place at; `undefined` leaves one out. */
export function claimsOf(sub: string, more: Readonly<Record<string, unknown>> = {}): JWTPayload {
  const now = Math.floor(testNow / 1000);
  const all = {
    iss: "https://issuer.example",
    aud: audience,
    role: "authenticated",
    sub,
    iat: now,
    exp: now + 3600,
    ...more,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Signs with a key of the issuer. */
export function signed(key: IssuerKey, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "JWT" })
    .sign(key.privateKey);
}

/** Signs by HS256, with any bytes as the secret. */
export function signedBySecret(secret: string, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(new TextEncoder().encode(secret));
}

/** A token that nobody signed. */
export function unsigned(claims: JWTPayload): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`;
}

/** An issuer that gives its keys over HTTP, and can be made to fail. */
export interface JwksServer {
  readonly url: string;
  /** How often it was asked. */
  asked: number;
  /** What it answers; undefined never answers. */
  answer: { readonly status: number; readonly body: string; readonly location?: string } | undefined;
  publish(...keys: readonly IssuerKey[]): void;
  close(): Promise<void>;
}

/** Starts one on any free port. */
export async function startJwksServer(...keys: readonly IssuerKey[]): Promise<JwksServer> {
  const server = createServer((_, response) => {
    jwks.asked++;
    if (jwks.answer === undefined) return;
    const { status, body, location = "" } = jwks.answer;
    response.writeHead(status, { "content-type": "application/json", location }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const jwks: JwksServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    asked: 0,
    answer: undefined,
    publish: (...published) => {
      jwks.answer = {
        status: 200,
        body: JSON.stringify({ keys: published.map(({ publicJwk }) => publicJwk) }),
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  jwks.publish(...keys);
  return jwks;
}
