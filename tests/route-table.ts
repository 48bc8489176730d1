import { type CryptoKey, exportSPKI, importJWK, type JWTPayload } from "jose";
import { audience, type IssuerKey, newKey, signed, signedBySecret, unsigned } from "./token-issuer.ts";

// Who is answered what: every route, every kind of caller, and nothing left out. Every deployment holds the same table.

/** People of the table: whose age is confirmed by their profile, another such, and one whose is not. */
const [adult, other, minor, unknown] = ["table-adult", "table-other", "table-minor", "table-unknown"];

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

/** As {@link service}, where something has to be set first. */
const unconfigured = Object.fromEntries(
  Object.entries(service).map(([caller, answer]) => [caller, answer.replace("200", "503 not_configured")]),
) as unknown as Known;

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

/** A route, and who is answered what there. */
export interface Row {
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

/** In the order in which they can be asked of one service: what is kept of somebody is erased last. */
export const routeTable: readonly Row[] = [
  post(`${f}/two_tower_recommendations`, viewer, adults),
  post(`${f}/two_tower_recommendations`, (user_id) => ({ user_id, candidates: ["v01", "v02"] }), adults),
  post(`${f}/two_tower_recommendations`, (user_id) => ({ user_id, filter: { min_price: 500 } }), adults),
  post(`${f}/recommendations`, viewer, adults),
  post(`${f}/recommendations`, (user_id) => ({ user_id, explain: true, lang: "ja" }), adults),
  post(`${f}/explain`, (user_id) => ({ user_id, video_id: "v01" }), adults),
  post(`${f}/export_person`, viewer, {
    ...own,
    // Nothing is kept of them: nothing to hand over.
    "own, no profile, age confirmed by claim": "404 not_found",
  }),
  post(`${f}/user_embedding_v2`, viewer, adults),
  post(`${f}/update_user_embedding`, viewer, adults),
  post(`${f}/events`, (user_id) => ({ events: [{ user_id, video_id: "v01", kind: "view", at: 1e12 }] }), own),
  post(`${f}/blocks`, (user_id) => ({ user_id, makers: ["maker 1"] }), own),
  post(`${f}/taste`, (user_id) => ({ user_id, genres: ["forest"] }), own),
  post(`${f}/confirm_age`, () => ({ user_id: adult }), service),
  post(`${f}/takedown`, () => ({ video_id: "v01", withdrawn: false }), service),
  post(`${f}/item_embedding`, () => ({ video_ids: ["v01"] }), service),
  post(`${f}/reload_models`, () => ({}), service),
  // Nobody is allowed to sync without credentials of the source, which no service of the tests has.
  post(`${f}/dmm_content_sync`, () => ({}), unconfigured),
  post(`${f}/run_jobs`, () => ({ budget_ms: 1000 }), service),
  { method: "GET", path: "/metrics", answers: { ...strangers, ...service } },
  { method: "GET", path: "/health/live", answers: everybody },
  { method: "GET", path: "/health/ready", answers: everybody },
  { method: "GET", path: "/openapi.json", answers: everybody },
  { method: "GET", path: "/", answers: everybody },
  { method: "GET", path: "/nowhere", answers: nobody },
  post(`${f}/erase_person`, viewer, own),
];

/** What a deployment is told of who may ask. */
export interface Trusted {
  readonly issuer: IssuerKey;
  /** `iss` of its tokens. */
  readonly iss: string;
  /** The secret of a legacy project. */
  readonly secret: string;
  readonly serviceKeys: readonly [string, string];
  /** Seconds since 1970, by the deployment's clock. */
  readonly now: number;
}

/** How a caller proves who they are, and whom the body names. */
interface Caller {
  readonly headers: Readonly<Record<string, string>>;
  readonly names: string | undefined;
}

async function callersOf({
  issuer,
  iss,
  secret,
  serviceKeys,
  now,
}: Trusted): Promise<Record<string, Caller>> {
  const [firstKey, secondKey] = serviceKeys;
  const claims = (sub: string, more: Readonly<Record<string, unknown>> = {}): JWTPayload => {
    const all = { iss, aud: audience, role: "authenticated", sub, iat: now, exp: now + 3600, ...more };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  };
  const legacy = (role: string) => claims("", { iss: "supabase", aud: undefined, sub: undefined, role });
  const bearer = (credential: string, names = adult): Caller => ({
    headers: { authorization: `Bearer ${credential}` },
    names,
  });
  const token = (sub: string, more: Readonly<Record<string, unknown>> = {}) =>
    signed(issuer, claims(sub, more));
  const spki = await exportSPKI((await importJWK({ ...issuer.publicJwk, ext: true })) as CryptoKey);
  const ofAge = { app_metadata: { age_confirmed: true } };
  return {
    "no credentials": { headers: {}, names: adult },
    "garbage as a token": bearer("not.a.token"),
    "a forged signature": bearer(await signed(await newKey(issuer.kid), claims(adult))),
    "an unknown key": bearer(await signed(await newKey("unknown"), claims(adult))),
    "another issuer": bearer(await token(adult, { iss: "https://else.example" })),
    "another audience": bearer(await token(adult, { aud: "else" })),
    "an expired token": bearer(await token(adult, { exp: now - 60 })),
    "a token not valid yet": bearer(await token(adult, { nbf: now + 600 })),
    "a token without an end": bearer(await token(adult, { exp: undefined })),
    "a token without a subject": bearer(await token(adult, { sub: undefined })),
    "algorithm none": bearer(unsigned(claims(adult))),
    "HS256 with the public key": bearer(await signedBySecret(spki, claims(adult))),
    "a service_role token signed by the issuer": bearer(await token(adult, { role: "service_role" })),
    "the anon key": bearer(await signedBySecret(secret, legacy("anon"))),
    "the publishable key": { headers: { apikey: "sb_publishable_example" }, names: adult },
    "a wrong service key": bearer("sb_secret_wrong"),
    "another viewer": bearer(await token(other)),
    "own, age not confirmed": bearer(await token(minor), minor),
    "own, age in user_metadata": bearer(
      await token(minor, { user_metadata: { age_confirmed: true }, age_confirmed: true }),
      minor,
    ),
    "own, age confirmed by profile": bearer(await token(adult)),
    "own, user_id left out": { ...bearer(await token(adult)), names: undefined },
    "own, age confirmed by claim": bearer(await token(minor, ofAge), minor),
    "own, no profile, age confirmed by claim": bearer(await token(unknown, ofAge), unknown),
    "service key": bearer(firstKey),
    "service key on apikey": { headers: { apikey: firstKey }, names: adult },
    "second service key": bearer(secondKey),
    "service JWT": bearer(await signedBySecret(secret, legacy("service_role"))),
    "service key for a viewer whose age is not confirmed": bearer(firstKey, minor),
  };
}

/** Asks a service as every kind of caller. */
export interface TableAsker {
  /** What a row's callers are answered; throws where one who was refused has changed something. */
  ask(row: Row): Promise<Readonly<Record<string, string>>>;
}

/**
 * Makes the people of the table known to a service over the tiny catalogue.
 *
 * @param send To the service.
 * @param trusted As the service was told.
 * @returns Asks.
 */
export async function createTableAsker(
  send: (path: string, init: RequestInit) => Promise<Response>,
  trusted: Trusted,
): Promise<TableAsker> {
  const callers = await callersOf(trusted);
  const post = (path: string, headers: Readonly<Record<string, string>>, body: object) =>
    send(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const application = { apikey: trusted.serviceKeys[0] };
  for (const user_id of [adult, other]) {
    await (await post(`${f}/confirm_age`, application, { user_id })).text();
  }
  const view = { user_id: minor, video_id: "v02", kind: "view", at: 1e12 };
  await (await post(`${f}/events`, application, { events: [view] })).text();
  const kept = async (): Promise<string> => {
    const exports = [adult, other, minor].map(async (user_id) => {
      const answer = await post(`${f}/export_person`, application, { user_id });
      const { request_id: _, ...body } = (await answer.json()) as Record<string, unknown>;
      return body;
    });
    return JSON.stringify(await Promise.all(exports));
  };

  async function answer({ method, path, body }: Row, { headers, names }: Caller): Promise<string> {
    const response = await (body === undefined
      ? send(path, { method, headers })
      : post(path, headers, body(names)));
    const text = await response.text();
    const { status } = response;
    if ((status === 401) !== (response.headers.get("www-authenticate") === "Bearer")) {
      return `${status} with another www-authenticate`;
    }
    return status === 200
      ? "200"
      : `${status} ${(JSON.parse(text) as { error: { code: string } }).error.code}`;
  }

  return Object.freeze<TableAsker>({
    ask: async (row) => {
      const answers: Record<string, string> = {};
      const before = await kept();
      const expected = Object.entries(row.answers);
      for (const [caller, status] of expected) {
        if (status !== "200") answers[caller] = await answer(row, callers[caller]!);
      }
      if ((await kept()) !== before) throw new Error(`${row.path} has changed something for who was refused`);
      for (const caller of Object.keys(callers)) answers[caller] ??= await answer(row, callers[caller]!);
      return answers;
    },
  });
}
