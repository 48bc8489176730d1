import { type CryptoKey, exportSPKI, importJWK } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { testNow } from "../../../tests/tiny-model.ts";
import { tinyService } from "../../../tests/tiny-service.ts";
import {
  claimsOf,
  legacySecret,
  newKey,
  signed,
  signedBySecret,
  unsigned,
} from "../../../tests/token-issuer.ts";
import { allRoutes } from "../routes/all-routes.ts";
import { createAuthenticator } from "./create-authenticator.ts";

// Who answers whom what: every route, every kind of caller, and nothing left out. p00 is a viewer with a confirmed age, p11
// one without, p01 another with.

/** The same of every route that is not open to all: nobody gets in without proof. */
const strangers = {
  "no credentials": "401 unauthorized",
  "garbage as a token": "401 unauthorized",
  "a forged signature": "401 unauthorized",
  "an unknown key": "401 unauthorized",
  "another issuer": "401 unauthorized",
  "another audience": "401 unauthorized",
  "an expired token": "401 unauthorized",
  "a token not valid yet": "401 unauthorized",
  "a token without an end": "401 unauthorized",
  "a token without a subject": "401 unauthorized",
  "algorithm none": "401 unauthorized",
  "HS256 with the public key": "401 unauthorized",
  "a service_role token signed by the issuer": "401 unauthorized",
  "the anon key": "401 unauthorized",
  "the publishable key": "401 unauthorized",
  "a wrong service key": "401 unauthorized",
};

/** Of whom it is known who they are. */
interface Known {
  readonly "another viewer": string;
  readonly "own, age not confirmed": string;
  readonly "own, age in user_metadata": string;
  readonly "own, age confirmed by profile": string;
  readonly "own, user_id left out": string;
  readonly "own, age confirmed by claim": string;
  readonly "own, no profile, age confirmed by claim": string;
  readonly "service key": string;
  readonly "service key on apikey": string;
  readonly "second service key": string;
  readonly "service JWT": string;
  readonly "service key for a viewer whose age is not confirmed": string;
}

/** The application alone. */
const service: Known = {
  "another viewer": "403 forbidden",
  "own, age not confirmed": "403 forbidden",
  "own, age in user_metadata": "403 forbidden",
  "own, age confirmed by profile": "403 forbidden",
  "own, user_id left out": "403 forbidden",
  "own, age confirmed by claim": "403 forbidden",
  "own, no profile, age confirmed by claim": "403 forbidden",
  "service key": "200",
  "service key on apikey": "200",
  "second service key": "200",
  "service JWT": "200",
  "service key for a viewer whose age is not confirmed": "200",
};

/** Viewers for themselves, whatever their age. */
const own: Known = {
  "another viewer": "403 forbidden",
  "own, age not confirmed": "200",
  "own, age in user_metadata": "200",
  "own, age confirmed by profile": "200",
  "own, user_id left out": "200",
  "own, age confirmed by claim": "200",
  "own, no profile, age confirmed by claim": "200",
  "service key": "200",
  "service key on apikey": "200",
  "second service key": "200",
  "service JWT": "200",
  "service key for a viewer whose age is not confirmed": "200",
};

/** Viewers for themselves, once their age is confirmed. */
const adults: Known = {
  ...own,
  "own, age not confirmed": "403 age_not_confirmed",
  "own, age in user_metadata": "403 age_not_confirmed",
  "service key for a viewer whose age is not confirmed": "403 age_not_confirmed",
};

/** Open to all, who and whatever they are. */
const everybody = Object.fromEntries(
  [...Object.keys(strangers), ...Object.keys(own)].map((caller) => [caller, "200"]),
);
const nobody = Object.fromEntries(
  [...Object.keys(strangers), ...Object.keys(own)].map((caller) => [caller, "404 not_found"]),
);

type Body = (user_id: string | undefined) => object;
const viewer: Body = (user_id) => ({ user_id });

interface Row {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: Body;
  readonly answers: Readonly<Record<string, string>>;
}

const f = "/functions/v1";
const post = (path: string, body: Body, known: Known): Row => ({
  method: "POST",
  path,
  body,
  answers: { ...strangers, ...known },
});

const table: readonly Row[] = [
  post(`${f}/two_tower_recommendations`, viewer, adults),
  post(`${f}/two_tower_recommendations`, (user_id) => ({ user_id, candidates: ["v01", "v02"] }), adults),
  post(`${f}/two_tower_recommendations`, (user_id) => ({ user_id, filter: { min_price: 500 } }), adults),
  post(`${f}/recommendations`, viewer, adults),
  post(`${f}/events`, (user_id) => ({ events: [{ user_id, video_id: "v01", kind: "view", at: 1e12 }] }), own),
  post(`${f}/blocks`, (user_id) => ({ user_id, makers: ["maker 1"] }), own),
  post(`${f}/user_embedding_v2`, viewer, adults),
  post(`${f}/update_user_embedding`, viewer, adults),
  post(`${f}/export_person`, viewer, {
    ...own,
    // Nothing is kept of them: nothing to hand over.
    "own, no profile, age confirmed by claim": "404 not_found",
  }),
  post(`${f}/erase_person`, viewer, own),
  post(`${f}/confirm_age`, (user_id = "p00") => ({ user_id }), service),
  post(`${f}/takedown`, () => ({ video_id: "v01" }), service),
  post(`${f}/item_embedding`, () => ({ video_ids: ["v01"] }), service),
  post(`${f}/reload_models`, () => ({}), service),
  { method: "GET", path: "/metrics", answers: { ...strangers, ...service } },
  { method: "GET", path: "/health/live", answers: everybody },
  { method: "GET", path: "/health/ready", answers: everybody },
  { method: "GET", path: "/openapi.json", answers: everybody },
  { method: "GET", path: "/", answers: everybody },
  { method: "GET", path: "/nowhere", answers: nobody },
];

/** How a caller proves who they are, and whom the body names. */
interface CallerCase {
  readonly headers: Readonly<Record<string, string>>;
  readonly names: string | undefined;
}

const keys = ["sb_secret_first", "sb_secret_second"];
let callers: Readonly<Record<string, CallerCase>> = {};
const issuerKey = await newKey("k1");

beforeAll(async () => {
  const stranger = await newKey("k1");
  const unknown = await newKey("k9");
  const spki = await exportSPKI((await importJWK({ ...issuerKey.publicJwk, ext: true })) as CryptoKey);
  const bearer = (token: string, names = "p00"): CallerCase => ({
    headers: { authorization: `Bearer ${token}` },
    names,
  });
  const token = (sub: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> =>
    signed(issuerKey, claimsOf(sub, more));
  const now = claimsOf("p00").iat!;
  callers = {
    "no credentials": { headers: {}, names: "p00" },
    "garbage as a token": bearer("not.a.token"),
    "a forged signature": bearer(await signed(stranger, claimsOf("p00"))),
    "an unknown key": bearer(await signed(unknown, claimsOf("p00"))),
    "another issuer": bearer(await token("p00", { iss: "https://else.example" })),
    "another audience": bearer(await token("p00", { aud: "else" })),
    "an expired token": bearer(await token("p00", { exp: now - 60 })),
    "a token not valid yet": bearer(await token("p00", { nbf: now + 60 })),
    "a token without an end": bearer(await token("p00", { exp: undefined })),
    "a token without a subject": bearer(await token("p00", { sub: undefined })),
    "algorithm none": bearer(unsigned(claimsOf("p00"))),
    "HS256 with the public key": bearer(await signedBySecret(spki, claimsOf("p00"))),
    "a service_role token signed by the issuer": bearer(await token("p00", { role: "service_role" })),
    "the anon key": bearer(
      await signedBySecret(
        legacySecret,
        claimsOf("p00", { iss: "supabase", aud: undefined, sub: undefined, role: "anon" }),
      ),
    ),
    "the publishable key": { headers: { apikey: "sb_publishable_example" }, names: "p00" },
    "a wrong service key": bearer("sb_secret_wrong"),
    "another viewer": bearer(await token("p01")),
    "own, age not confirmed": bearer(await token("p11"), "p11"),
    "own, age in user_metadata": bearer(
      await token("p11", { user_metadata: { age_confirmed: true }, age_confirmed: true }),
      "p11",
    ),
    "own, age confirmed by profile": bearer(await token("p00")),
    "own, user_id left out": { ...bearer(await token("p00")), names: undefined },
    "own, age confirmed by claim": bearer(
      await token("p11", { app_metadata: { age_confirmed: true } }),
      "p11",
    ),
    "own, no profile, age confirmed by claim": bearer(
      await token("someone-new", { app_metadata: { age_confirmed: true } }),
      "someone-new",
    ),
    "service key": bearer(keys[0]!),
    "service key on apikey": { headers: { apikey: keys[0]! }, names: "p00" },
    "second service key": bearer(keys[1]!),
    "service JWT": bearer(
      await signedBySecret(
        legacySecret,
        claimsOf("p00", { iss: "supabase", aud: undefined, sub: undefined, role: "service_role" }),
      ),
    ),
    "service key for a viewer whose age is not confirmed": bearer(keys[0]!, "p11"),
  };
});

function guardedService() {
  const authenticator = createAuthenticator({
    serviceKeys: keys,
    jwt: {
      jwks: { keys: [issuerKey.publicJwk] },
      secret: legacySecret,
      issuer: "https://issuer.example",
    },
    clock: { now: () => testNow },
    fetch,
  });
  return tinyService({
    authenticator,
    metrics: { observe: () => {}, expose: async () => ({ contentType: "text/plain", text: "" }) },
  });
}

describe("[SV6] every route answers every kind of caller as the table says", () => {
  test("the table has every route", async () => {
    const { send } = guardedService();
    const { body } = await send("/openapi.json", {});
    const described = Object.keys(body["paths"] as object);
    expect(new Set(table.map(({ path }) => path))).toEqual(
      new Set([...described, ...allRoutes.map(({ path }) => path), "/", "/openapi.json", "/nowhere"]),
    );
    for (const { answers } of table) expect(Object.keys(answers)).toEqual(Object.keys(callers));
  });

  test.each(
    table.map((row) => [row.method, row.path, JSON.stringify(row.body?.("…") ?? null), row] as const),
  )("%s %s %s", async (method, path, _, row) => {
    const { deploy, send, logged, store, people, vectors } = guardedService();
    const version = await deploy(1);
    const kept = async (): Promise<unknown> => [
      await store.counts(),
      await people!.export("p00"),
      await people!.export("p11"),
      [...(await vectors.itemHashes(version))].length,
      [...(await vectors.userHashes(version))],
    ];
    const before = await kept();
    const ask = async (caller: string): Promise<string> => {
      const { headers, names } = callers[caller]!;
      const {
        status,
        body,
        headers: answered,
      } = await send(path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(row.body === undefined ? {} : { body: JSON.stringify(row.body(names)) }),
      });
      expect(answered.get("www-authenticate"), caller).toBe(status === 401 ? "Bearer" : null);
      return body.error === undefined ? String(status) : `${status} ${body.error.code}`;
    };
    const refused = Object.keys(row.answers).filter((caller) => row.answers[caller] !== "200");
    const answers: Record<string, string> = {};
    for (const caller of refused) answers[caller] = await ask(caller);
    // Who is refused has changed nothing.
    expect(await kept()).toEqual(before);
    for (const caller of Object.keys(row.answers)) answers[caller] ??= await ask(caller);
    expect(answers).toEqual(row.answers);
    expect(JSON.stringify(logged)).not.toMatch(/\b[pv]\d\d\b|someone-new|eyJ|sb_secret/);
  });
});
