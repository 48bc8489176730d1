import { afterEach, describe, expect, test } from "vitest";
import { testNow } from "../../../tests/tiny-model.ts";
import {
  claimsOf,
  type IssuerKey,
  type JwksServer,
  legacySecret,
  newKey,
  signed,
  signedBySecret,
  startJwksServer,
} from "../../../tests/token-issuer.ts";
import type { Caller } from "./caller.ts";
import { createAuthenticator } from "./create-authenticator.ts";
import type { JwtOptions } from "./token-verifier.ts";

const viewer: Caller = { kind: "viewer", personId: "p00", ageConfirmed: false };
const unauthorized = { code: "unauthorized" };
const unavailable = { code: "auth_unavailable" };
const [first, second, rsa] = [await newKey("k1"), await newKey("k2"), await newKey("k3", "RS256")];
const now = testNow / 1000;

/** An authenticator, with a clock that a test moves. */
function authenticating(jwt: JwtOptions | undefined, serviceKeys: readonly string[] = []) {
  const clock = { time: testNow, now: () => clock.time };
  const authenticator = createAuthenticator({
    serviceKeys,
    ...(jwt === undefined ? {} : { jwt }),
    clock,
    fetch,
  });
  const ask = (headers: Record<string, string>): Promise<Caller> =>
    authenticator.authenticate(new Request("http://localhost", { headers }));
  return { clock, ask, bearer: (token: string) => ask({ authorization: `Bearer ${token}` }) };
}

const open: JwksServer[] = [];

async function jwksServer(...keys: readonly IssuerKey[]): Promise<JwksServer> {
  const server = await startJwksServer(...keys);
  open.push(server);
  return server;
}

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

describe("tokens", () => {
  test("are accepted by ES256, RS256 and, with a secret, HS256", async () => {
    const jwks = { keys: [first.publicJwk, rsa.publicJwk] };
    const { bearer } = authenticating({ jwks, secret: legacySecret });
    expect(await bearer(await signed(first, claimsOf("p00")))).toEqual(viewer);
    expect(await bearer(await signed(rsa, claimsOf("p00")))).toEqual(viewer);
    expect(await bearer(await signedBySecret(legacySecret, claimsOf("p00")))).toEqual(viewer);
  });

  test("by HS256 are refused without a secret, whatever key signed them", async () => {
    const { bearer } = authenticating({ jwks: { keys: [first.publicJwk, rsa.publicJwk] } });
    for (const secret of [legacySecret, JSON.stringify(first.publicJwk), rsa.publicJwk.n!]) {
      await expect(bearer(await signedBySecret(secret, claimsOf("p00")))).rejects.toMatchObject(unauthorized);
    }
  });

  test("by public keys are refused where only a secret is known", async () => {
    const { bearer } = authenticating({ secret: legacySecret });
    await expect(bearer(await signed(first, claimsOf("p00")))).rejects.toMatchObject(unauthorized);
  });

  test("a symmetric key in the issuer's set verifies nothing", async () => {
    const secret = new TextEncoder().encode(legacySecret);
    const symmetric = { kty: "oct", alg: "HS256", k: Buffer.from(secret).toString("base64url") };
    const { bearer } = authenticating({ jwks: { keys: [symmetric, first.publicJwk] } });
    await expect(bearer(await signedBySecret(legacySecret, claimsOf("p00")))).rejects.toMatchObject(
      unauthorized,
    );
    expect(await bearer(await signed(first, claimsOf("p00")))).toEqual(viewer);
  });

  test.each([
    ["that expired 29 s ago", { exp: now - 29 }, true],
    ["that expired 31 s ago", { exp: now - 31 }, false],
    ["that begins in 29 s", { nbf: now + 29 }, true],
    ["that begins in 31 s", { nbf: now + 31 }, false],
    ["for several audiences", { aud: ["else", "authenticated"] }, true],
    ["without an audience", { aud: undefined }, false],
    ["without a role, of an issuer that knows none", { role: undefined }, true],
    ["with another role", { role: "admin" }, false],
    ["whose subject is no id", { sub: "a\u0000b" }, false],
    ["whose subject is too long", { sub: "x".repeat(201) }, false],
    ["whose end is no number", { exp: "never" }, false],
  ])("%s", async (_, claims, accepted) => {
    const { bearer } = authenticating({ jwks: { keys: [first.publicJwk] } });
    const asked = bearer(await signed(first, claimsOf("p00", claims)));
    if (accepted) expect(await asked).toEqual(viewer);
    else await expect(asked).rejects.toMatchObject(unauthorized);
  });

  test("the clocks may differ by as much as is said", async () => {
    const { bearer } = authenticating({ jwks: { keys: [first.publicJwk] }, clockSkewSeconds: 0 });
    await expect(bearer(await signed(first, claimsOf("p00", { exp: now })))).rejects.toMatchObject(
      unauthorized,
    );
    expect(await bearer(await signed(first, claimsOf("p00", { exp: now + 1 })))).toEqual(viewer);
  });

  test.each([
    [undefined, { app_metadata: { age_confirmed: true } }, true],
    [undefined, { app_metadata: { age_confirmed: "true" } }, false],
    [undefined, { app_metadata: { age_confirmed: 1 } }, false],
    [undefined, { app_metadata: null }, false],
    [undefined, { user_metadata: { age_confirmed: true } }, false],
    [undefined, { "app_metadata.age_confirmed": true }, true],
    ["adult", { adult: true }, true],
    ["adult", { app_metadata: { age_confirmed: true } }, false],
    ["https://example.com/adult", { "https://example.com/adult": true }, true],
    ["constructor.name", {}, false],
  ])("the age claim %s in %o", async (ageClaim, claims, ageConfirmed) => {
    const jwks = { keys: [first.publicJwk] };
    const { bearer } = authenticating({ jwks, ...(ageClaim === undefined ? {} : { ageClaim }) });
    expect(await bearer(await signed(first, claimsOf("p00", claims)))).toEqual({ ...viewer, ageConfirmed });
  });

  test("garbage of every form is refused", async () => {
    const { bearer, ask } = authenticating({ jwks: { keys: [first.publicJwk] }, secret: legacySecret });
    const [header, payload, signature] = (await signed(first, claimsOf("p00"))).split(".");
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const wrong = [
      "..",
      "a.b.c",
      `${header}.${payload}.`,
      `${header}.${payload}.${"A".repeat(86)}`,
      `${header}.${part(claimsOf("p01"))}.${signature}`,
      `${part({ alg: "ES256" })}.${payload}.${signature}x`,
      `${part({ alg: "ES256", kid: "k1", crit: ["exp"], exp: 1 })}.${payload}.${signature}`,
      `${part({ alg: ["ES256"], kid: "k1" })}.${payload}.${signature}`,
      `${part({ alg: "__proto__", kid: "k1" })}.${payload}.${signature}`,
      `${part(null)}.${payload}.${signature}`,
      `${"x".repeat(5000)}.${payload}.${signature}`,
    ];
    for (const token of wrong) await expect(bearer(token), token).rejects.toMatchObject(unauthorized);
    await expect(ask({ authorization: "Basic cDAwOng=" })).rejects.toMatchObject(unauthorized);
  });
});

describe("service keys", () => {
  test("several are good at once, on either header", async () => {
    const { ask, bearer } = authenticating(undefined, ["sb_secret_old", "sb_secret_new"]);
    for (const key of ["sb_secret_old", "sb_secret_new"]) {
      expect(await bearer(key)).toEqual({ kind: "service" });
      expect(await ask({ apikey: key })).toEqual({ kind: "service" });
    }
    for (const key of ["sb_secret_ol", "sb_secret_old2", "SB_SECRET_OLD", "sb_secret_old,sb_secret_new"]) {
      await expect(bearer(key)).rejects.toMatchObject(unauthorized);
    }
  });

  test("beside a viewer's token they make no service of a viewer", async () => {
    const { ask } = authenticating({ jwks: { keys: [first.publicJwk] } }, ["sb_secret_x"]);
    const authorization = `Bearer ${await signed(first, claimsOf("p00"))}`;
    expect(await ask({ authorization, apikey: "sb_secret_x" })).toEqual(viewer);
    await expect(ask({ authorization: "Bearer a.b.c", apikey: "sb_secret_x" })).rejects.toMatchObject(
      unauthorized,
    );
  });

  test("a legacy service_role token is one, signed by the secret alone", async () => {
    const role = { role: "service_role", iss: "supabase", aud: undefined, sub: undefined };
    const { bearer } = authenticating({
      jwks: { keys: [first.publicJwk] },
      secret: legacySecret,
      issuer: "https://issuer.example",
    });
    expect(await bearer(await signedBySecret(legacySecret, claimsOf("", role)))).toEqual({ kind: "service" });
    for (const claims of [
      { ...role, exp: now - 60 },
      { ...role, exp: undefined },
    ]) {
      await expect(bearer(await signedBySecret(legacySecret, claimsOf("", claims)))).rejects.toMatchObject(
        unauthorized,
      );
    }
    await expect(
      bearer(await signed(first, claimsOf("p00", { role: "service_role" }))),
    ).rejects.toMatchObject(unauthorized);
  });
});

describe("the issuer's keys", () => {
  test("are fetched once, and again when a token names a new one", async () => {
    const server = await jwksServer(first);
    const { bearer, clock } = authenticating({ jwks: { url: server.url } });
    const [old, rotated] = [await signed(first, claimsOf("p00")), await signed(second, claimsOf("p00"))];
    for (let i = 0; i < 3; i++) expect(await bearer(old)).toEqual(viewer);
    expect(server.asked).toBe(1);
    server.publish(first, second);
    clock.time += 30_000;
    expect(await bearer(rotated)).toEqual(viewer);
    expect(await bearer(old)).toEqual(viewer);
    expect(server.asked).toBe(2);
  });

  test("are not fetched more often than every 30 s, whatever keys are made up", async () => {
    const server = await jwksServer(first);
    const { bearer, clock } = authenticating({ jwks: { url: server.url } });
    const token = await signed(first, claimsOf("p00"));
    await bearer(token);
    const made = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => signed({ ...second, kid: `made-up-${i}` }, claimsOf("p00"))),
    );
    for (const second of [10, 29, 40]) {
      clock.time = testNow + second * 1000;
      await Promise.all(made.map((token) => expect(bearer(token)).rejects.toMatchObject(unauthorized)));
      expect(await bearer(token)).toEqual(viewer);
    }
    expect(server.asked).toBe(2);
  });

  test("that are given beforehand spare the fetch, and are fetched when a token names another", async () => {
    const server = await jwksServer(second);
    const { bearer } = authenticating({ jwks: { url: server.url, keys: [first.publicJwk] } });
    await bearer(await signed(first, claimsOf("p00")));
    expect(server.asked).toBe(0);
    expect(await bearer(await signed(second, claimsOf("p00")))).toEqual(viewer);
    expect(server.asked).toBe(1);
  });

  test("that the issuer withdrew are good for ten minutes at most", async () => {
    const server = await jwksServer(first, second);
    const { bearer, clock } = authenticating({ jwks: { url: server.url } });
    const token = await signed(first, claimsOf("p00"));
    await bearer(token);
    server.publish(second);
    clock.time += 599_000;
    expect(await bearer(token)).toEqual(viewer);
    clock.time += 1000;
    // Also for those who ask while the new ones are on their way.
    for (const asked of [bearer(token), bearer(token), bearer(token)]) {
      await expect(asked).rejects.toMatchObject(unauthorized);
    }
    expect(server.asked).toBe(2);
  });

  test.each([
    ["answers an error", { status: 500, body: '{"keys":[]}' }],
    ["answers no JSON", { status: 200, body: "<html>" }],
    ["answers JSON that is no key set", { status: 200, body: '{"keys":{"kid":"k1"}}' }],
    ["answers nothing", undefined],
  ])("stay good while the issuer %s; without any it is a 503, and it mends itself", async (_, answer) => {
    const server = await jwksServer(first);
    const other = await jwksServer();
    const warm = authenticating({ jwks: { url: server.url, timeoutMs: 50 } });
    const cold = authenticating({ jwks: { url: other.url, timeoutMs: 50 } });
    const token = await signed(first, claimsOf("p00"));
    await warm.bearer(token);
    server.answer = answer;
    other.answer = answer;
    for (const minutes of [11, 60]) {
      warm.clock.time = testNow + minutes * 60_000;
      const lasting = await signed(first, claimsOf("p00", { exp: now + 7200 }));
      expect(await warm.bearer(lasting)).toEqual(viewer);
    }
    for (let i = 0; i < 3; i++) await expect(cold.bearer(token)).rejects.toMatchObject(unavailable);
    expect(other.asked).toBe(1);
    // A key that may be a new one: nobody can tell as long as the issuer is down.
    await expect(
      warm.bearer(await signed(second, claimsOf("p00", { exp: now + 7200 }))),
    ).rejects.toMatchObject(unavailable);
    other.publish(first);
    cold.clock.time += 5000;
    expect(await cold.bearer(token)).toEqual(viewer);
  });

  test("are taken from nowhere but where they were said to be", async () => {
    const elsewhere = await jwksServer(first);
    const server = await jwksServer();
    server.answer = { status: 302, body: "", location: elsewhere.url };
    const { bearer } = authenticating({ jwks: { url: server.url } });
    await expect(bearer(await signed(first, claimsOf("p00")))).rejects.toMatchObject(unavailable);
    expect([server.asked, elsewhere.asked]).toEqual([1, 0]);
  });

  test("one that cannot be read spoils none of the others", async () => {
    const server = await jwksServer();
    const broken = { kty: "EC", crv: "P-256", kid: "broken", x: "AA", y: "AA" };
    server.answer = {
      status: 200,
      body: JSON.stringify({ keys: [broken, null, { kty: "OKP" }, first.publicJwk] }),
    };
    const { bearer } = authenticating({ jwks: { url: server.url } });
    expect(await bearer(await signed(first, claimsOf("p00")))).toEqual(viewer);
    await expect(bearer(await signed({ ...first, kid: "broken" }, claimsOf("p00")))).rejects.toMatchObject(
      unauthorized,
    );
  });
});

test.each([
  ["nobody could ask", { serviceKeys: [] }, /there must be a service key or jwt/],
  ["an empty key", { serviceKeys: [" "] }, /no key may be empty/],
  ["tokens without keys", { jwt: {} }, /jwt must have keys/],
  ["a secret that can be guessed", { jwt: { secret: "short" } }, /32 characters or more: it has 5/],
  [
    "an age that viewers write themselves",
    { jwt: { secret: legacySecret, ageClaim: "user_metadata.age_confirmed" } },
    /cannot write themselves/,
  ],
])("createAuthenticator() refuses options under which %s", (_, options, message) => {
  expect(() => createAuthenticator({ ...options, clock: Date, fetch })).toThrow(message);
});
