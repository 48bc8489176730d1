import { afterAll, describe, expect, test } from "vitest";
import { testNow } from "../../../tests/tiny-model.ts";
import {
  claimsOf,
  legacySecret,
  newKey,
  signed,
  signedBySecret,
  startJwksServer,
} from "../../../tests/token-issuer.ts";
import { type AuthEnvironment, authFromEnv } from "./auth-from-env.ts";

const key = await newKey("k1");
const jwks = await startJwksServer(key);
afterAll(() => jwks.close());

const platform = { clock: { now: () => testNow }, fetch };

/** Who somebody with this credential is, or the code they are refused with. */
async function who(env: AuthEnvironment, credential: string): Promise<unknown> {
  const { authenticator } = authFromEnv(env, platform);
  const request = new Request("http://localhost", { headers: { authorization: `Bearer ${credential}` } });
  try {
    const caller = await authenticator!.authenticate(request);
    return caller.kind === "viewer" ? { age: caller.ageConfirmed } : caller.kind;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("authFromEnv()", () => {
  test("without any variable protects nothing", () => {
    expect(authFromEnv({}, platform)).toEqual({});
    expect(authFromEnv({ FUTAGO_API_KEY: " , ", FUTAGO_JWKS_URL: "", SUPABASE_URL: " " }, platform)).toEqual(
      {},
    );
  });

  test.each([
    [{ FUTAGO_API_KEY: "old, new" }, "old"],
    [{ FUTAGO_API_KEY: "old, new" }, "new"],
    [{ SUPABASE_SECRET_KEY: "sb_secret_a" }, "sb_secret_a"],
    [{ SUPABASE_SECRET_KEYS: '{"default":"sb_secret_b","cron":"sb_secret_c"}' }, "sb_secret_c"],
    [{ SUPABASE_SERVICE_ROLE_KEY: "a.legacy.key" }, "a.legacy.key"],
  ])("takes service keys from %o", async (env, given) => {
    expect(await who(env, given)).toBe("service");
    expect(await who(env, `${given}x`)).toBe("unauthorized");
  });

  test("finds a project's keys and issuer by SUPABASE_URL", async () => {
    const asked: string[] = [];
    const { authenticator } = authFromEnv(
      { SUPABASE_URL: "https://project.supabase.co/" },
      {
        ...platform,
        fetch: (url, init) => {
          asked.push(String(url));
          return fetch(jwks.url, init);
        },
      },
    );
    const as = async (iss: string) =>
      authenticator!.authenticate(
        new Request("http://localhost", {
          headers: { authorization: `Bearer ${await signed(key, claimsOf("p00", { iss }))}` },
        }),
      );
    expect(await as("https://project.supabase.co/auth/v1")).toMatchObject({ personId: "p00" });
    await expect(as("https://other.supabase.co/auth/v1")).rejects.toMatchObject({ code: "unauthorized" });
    expect(asked).toEqual(["https://project.supabase.co/auth/v1/.well-known/jwks.json"]);
  });

  test("uses the platform's copy of the keys, and does without it where it cannot be read", async () => {
    const env = { SUPABASE_URL: "https://project.supabase.co" };
    const token = await signed(key, claimsOf("p00", { iss: "https://project.supabase.co/auth/v1" }));
    const down = { ...platform, fetch: () => Promise.reject(new TypeError("no network")) };
    const ask = (SUPABASE_JWKS: string) =>
      authFromEnv({ ...env, SUPABASE_JWKS }, down).authenticator!.authenticate(
        new Request("http://localhost", { headers: { authorization: `Bearer ${token}` } }),
      );
    expect(await ask(JSON.stringify({ keys: [key.publicJwk] }))).toMatchObject({ personId: "p00" });
    expect(await ask(JSON.stringify([key.publicJwk]))).toMatchObject({ personId: "p00" });
    for (const unreadable of ["{", "[]", '{"keys":7}', ""]) {
      await expect(ask(unreadable)).rejects.toMatchObject({ code: "auth_unavailable" });
    }
  });

  test("says which issuer, audience and claim, and the secret of a legacy project", async () => {
    const env = {
      FUTAGO_JWKS_URL: jwks.url,
      FUTAGO_JWT_SECRET: legacySecret,
      FUTAGO_JWT_ISSUER: "https://issuer.example",
      FUTAGO_JWT_AUDIENCE: "viewers",
      FUTAGO_AGE_CLAIM: "adult",
    };
    const claims = { aud: "viewers", adult: true };
    expect(await who(env, await signed(key, claimsOf("p00", claims)))).toEqual({ age: true });
    expect(await who(env, await signedBySecret(legacySecret, claimsOf("p00", claims)))).toEqual({
      age: true,
    });
    expect(await who(env, await signed(key, claimsOf("p00")))).toBe("unauthorized");
    expect(await who(env, await signed(key, claimsOf("p00", { ...claims, iss: "else" })))).toBe(
      "unauthorized",
    );
    expect(
      await who({ FUTAGO_JWKS_URL: jwks.url }, await signed(key, claimsOf("p00", { iss: "else" }))),
    ).toEqual({
      age: false,
    });
  });

  test("reads origins and limits", () => {
    const { cors, rateLimit } = authFromEnv(
      {
        FUTAGO_CORS_ORIGINS: "https://a.example, https://b.example",
        FUTAGO_RATE_LIMIT: "60",
        FUTAGO_SERVICE_RATE_LIMIT: "6000",
      },
      platform,
    );
    expect(cors).toEqual({ origins: ["https://a.example", "https://b.example"] });
    expect(rateLimit).toEqual({ perMinute: 60, servicePerMinute: 6000 });
  });

  test.each([
    [{ FUTAGO_RATE_LIMIT: "many" }, /FUTAGO_RATE_LIMIT must be a whole number/],
    [{ FUTAGO_RATE_LIMIT: "0" }, /FUTAGO_RATE_LIMIT must be a whole number/],
    [{ FUTAGO_SERVICE_RATE_LIMIT: "60" }, /FUTAGO_RATE_LIMIT must be there/],
    [{ FUTAGO_JWKS_URL: "project.supabase.co" }, /must be a URL/],
    [{ FUTAGO_JWT_SECRET: "short" }, /32 characters or more/],
    [
      { FUTAGO_JWKS_URL: "https://a.example", FUTAGO_AGE_CLAIM: "user_metadata.adult" },
      /cannot write themselves/,
    ],
    [{ FUTAGO_JWT_ISSUER: "https://a.example" }, /FUTAGO_JWT_ISSUER/],
  ])("refuses %o, which cannot be meant", (env, message) => {
    expect(() => authFromEnv(env, platform)).toThrow(message);
  });
});
