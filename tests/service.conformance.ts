import type { JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { createMemoryCatalogue } from "../src/catalogue/mod.ts";
import { loadTowers } from "../src/towers/mod.ts";
import { createTableAsker, routeTable } from "./route-table.ts";
import { type TinyModelKind, testNow, tinyCatalogue, tinySequenceModel } from "./tiny-model.ts";
import {
  audience,
  type IssuerKey,
  type JwksServer,
  legacySecret,
  newKey,
  signed,
  startJwksServer,
} from "./token-issuer.ts";

/** A service that answers over HTTP or in this process, over {@link tinyCatalogue}, with one model active. */
export interface ServedWorld {
  /** Sends to the path of a route. */
  fetch(path: string, init: RequestInit): Promise<Response>;
  /** Registers and promotes another model, without telling the service; the version. */
  deploy(seed: number, kind?: TinyModelKind): Promise<string>;
  close(): Promise<void>;
}

/** What the service finds in its environment, besides its stores. */
export type ServedEnv = Readonly<Record<string, string>>;

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly recommendations: readonly { video_id: string; score: number; rank: number }[];
    readonly error: { readonly code: string; readonly issues: readonly { readonly path: string }[] };
    readonly [member: string]: unknown;
  };
}

/** The "project": tokens are issued in its name. */
const project = "https://project.example";
const secretKey = "sb_secret_of-the-tests";
const nextKey = "sb_secret_after-it";
const page = "https://app.example";

/**
 * The exchanges that every deployment of the service answers alike, whatever runs it and whatever keeps its data.
 *
 * @param name What runs it.
 * @param open Opens it with an environment.
 */
export function describeService(name: string, open: (env: ServedEnv) => Promise<ServedWorld>): void {
  describe(`the service ${name}`, () => {
    let world: ServedWorld;
    let issuer: IssuerKey;
    let jwks: JwksServer;
    beforeAll(async () => {
      issuer = await newKey("k1");
      jwks = await startJwksServer(issuer);
      world = await open({
        SUPABASE_URL: project,
        FUTAGO_JWT_ISSUER: `${project}/auth/v1`,
        FUTAGO_JWKS_URL: jwks.url,
        SUPABASE_SECRET_KEYS: JSON.stringify({ default: secretKey, next: nextKey }),
        FUTAGO_JWT_SECRET: legacySecret,
        FUTAGO_CORS_ORIGINS: page,
      });
    });
    afterAll(async () => {
      await world?.close();
      await jwks.close();
    });

    const claims = (sub: string, more: JWTPayload = {}): JWTPayload => {
      const now = Math.floor(Date.now() / 1000);
      return {
        iss: `${project}/auth/v1`,
        aud: audience,
        role: "authenticated",
        sub,
        iat: now,
        exp: now + 600,
        ...more,
      };
    };
    const bearer = async (sub: string, more: JWTPayload = {}, key: IssuerKey = issuer) => ({
      authorization: `Bearer ${await signed(key, claims(sub, more))}`,
    });
    const service = { apikey: secretKey };

    async function post(
      route: string,
      body: unknown,
      headers: Readonly<Record<string, string>>,
    ): Promise<Answered> {
      const response = await world.fetch(`/functions/v1/${route}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      const answered = { status: response.status, headers: response.headers };
      return { ...answered, body: (await response.json()) as Answered["body"] };
    }
    const idsFor = async (user_id: string, more: object = {}): Promise<string[]> => {
      const { body } = await post("two_tower_recommendations", { user_id, limit: 60, ...more }, service);
      return body.recommendations.map(({ video_id }) => video_id);
    };
    const refusal = ({ status, body }: Answered): string => `${status} ${body.error.code}`;

    test("recommends by the active model what a viewer has not seen, best first", async () => {
      const { status, body, headers } = await post("two_tower_recommendations", {}, await bearer("p00"));
      expect(status).toBe(200);
      expect(body).toMatchObject({ source: "two_tower", model_version: expect.stringMatching(/^\d{4}\./) });
      const { recommendations } = body;
      expect(recommendations.map(({ rank }) => rank)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      expect(recommendations.map(({ score }) => score)).toEqual(
        recommendations.map(({ score }) => score).toSorted((a, b) => b - a),
      );
      const seen = new Set(tinyCatalogue().events.flatMap((e) => (e.personId === "p00" ? [e.itemId] : [])));
      expect(recommendations.filter(({ video_id }) => seen.has(video_id))).toEqual([]);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-request-id")).toBe(body["request_id"]);
      const alias = await post("recommendations", { user_id: "p00" }, service);
      expect(alias.body.recommendations.map(({ video_id }) => video_id)).toEqual(
        recommendations.map(({ video_id }) => video_id),
      );
    });

    test("ranks candidates, leaves out what is excluded, and keeps to a filter", async () => {
      const candidates = ["v03", "v01", "nothing", "v02"];
      const ranked = await post(
        "two_tower_recommendations",
        { user_id: "p01", candidates, exclude: ["v02"] },
        service,
      );
      expect(ranked.body.recommendations.map(({ video_id }) => video_id).toSorted()).toEqual(["v01", "v03"]);
      const filtered = await idsFor("p01", {
        filter: { genres: ["forest"], min_price: 400, max_price: 700 },
      });
      expect(filtered.length).toBeGreaterThan(0);
      const allowed = tinyCatalogue().items.filter(
        ({ fields }) =>
          (fields["genres"] as string[]).includes("forest") &&
          (fields["price"] as number) >= 400 &&
          (fields["price"] as number) <= 700,
      );
      expect(allowed.map(({ id }) => id)).toEqual(expect.arrayContaining(filtered));
    });

    test("a declared taste is read back, and answers somebody who has liked nothing", async () => {
      const said = await post("taste", { user_id: "p10", genres: ["forest"], age_range: "30s" }, service);
      expect(said.status).toBe(200);
      expect(said.body).toMatchObject({ genres: ["forest"], makers: [], performers: [], age_range: "30s" });
      const answer = await post("recommendations", { user_id: "p10" }, service);
      expect(answer.body["source"]).toBe("two_tower");
      await post("taste", { user_id: "p10", genres: [] }, service);
      const without = await post("recommendations", { user_id: "p10" }, service);
      expect(without.body["source"]).toBe("popularity");
    });

    test("varies as it is asked to", async () => {
      const plain = await idsFor("p01", { limit: 10 });
      const varied = await idsFor("p01", { limit: 10, diversity: 0.9 });
      expect(varied[0]).toBe(plain[0]);
      expect(varied).not.toEqual(plain);
      const capped = await idsFor("p01", { max_per_maker: 1, max_per_performer: 1 });
      expect(capped.map((id) => Number(id.slice(1)) % 5).sort()).toEqual([0, 1, 2, 3, 4]);
    });

    test("a like and a nope each change the very next answer, and sent again change nothing", async () => {
      const [first, second] = await idsFor("p02");
      const at = Date.now() - 1000;
      const events = [
        { user_id: "p02", video_id: first, kind: "like", at },
        { user_id: "p02", video_id: second, kind: "nope", at },
      ];
      const once = await post("events", { events }, await bearer("p02"));
      expect(once.body).toMatchObject({ accepted: 2, inserted: 2, unchanged: 0 });
      const left = await idsFor("p02");
      expect(left).not.toContain(first);
      expect(left).not.toContain(second);
      expect((await post("events", { events }, service)).body).toMatchObject({ inserted: 0, unchanged: 2 });
      const unknown = [{ ...events[0], video_id: "nothing" }];
      expect(refusal(await post("events", { events: unknown }, service))).toBe("422 unknown_item");
    });

    test("a maker who is blocked is gone from the next answer, and back when unblocked", async () => {
      const byMaker = (ids: readonly string[]) => ids.filter((id) => Number(id.slice(1)) % 5 === 2);
      expect(byMaker(await idsFor("p03")).length).toBeGreaterThan(0);
      const blocked = await post("blocks", { makers: ["maker 2"] }, await bearer("p03"));
      expect(blocked.body).toMatchObject({ makers: ["maker 2"], performers: [] });
      expect(byMaker(await idsFor("p03"))).toEqual([]);
      await post("blocks", { user_id: "p03", makers: [] }, service);
      expect(byMaker(await idsFor("p03")).length).toBeGreaterThan(0);
    });

    test("what is taken down is gone from the next answer of everybody, until it is put back", async () => {
      const [video_id] = await idsFor("p04");
      expect((await post("takedown", { video_id }, service)).body).toMatchObject({ withdrawn: true });
      for (const viewer of ["p04", "p05"]) expect(await idsFor(viewer)).not.toContain(video_id);
      await post("takedown", { video_id, withdrawn: false }, service);
      expect(await idsFor("p04")).toContain(video_id);
      expect(refusal(await post("takedown", { video_id: "nothing" }, service))).toBe("404 not_found");
    });

    test("nobody without a confirmed age gets recommendations or vectors; a claim or a profile confirms it", async () => {
      for (const route of [
        "two_tower_recommendations",
        "recommendations",
        "user_embedding_v2",
        "update_user_embedding",
      ]) {
        for (const user_id of ["p11", "nobody-known"]) {
          expect(refusal(await post(route, { user_id }, service)), route).toBe("403 age_not_confirmed");
        }
        expect(refusal(await post(route, {}, await bearer("p11"))), route).toBe("403 age_not_confirmed");
      }
      const proof = { app_metadata: { age_confirmed: true } };
      expect((await post("recommendations", {}, await bearer("p11", proof))).status).toBe(200);
      expect((await post("recommendations", {}, await bearer("p11"))).status).toBe(403);
      await post("confirm_age", { user_id: "p11" }, service);
      expect((await post("recommendations", {}, await bearer("p11"))).status).toBe(200);
    });

    test("computes and stores vectors of viewers and videos, and gives a viewer none", async () => {
      const { body } = await post("user_embedding_v2", { user_id: "p06" }, service);
      expect(body).toMatchObject({ dims: 16, stored: true, events: 8 });
      expect(Math.hypot(...(body["vector"] as number[]))).toBeCloseTo(1, 5);
      const own = await post("user_embedding_v2", {}, await bearer("p06"));
      expect(own.body).toMatchObject({ dims: 16, stored: true });
      expect(own.body["vector"]).toBeUndefined();
      const updated = await post("update_user_embedding", {}, await bearer("p06"));
      expect(updated.body).toMatchObject({ dims: 16, stored: true });
      const items = await post("item_embedding", { video_ids: ["v01", "nothing"] }, service);
      expect(items.body).toMatchObject({ embedded: 1, left: ["nothing"] });
    });

    test("hands over what is kept of a viewer, and erases them at once", async () => {
      const mine = await bearer("p07");
      await post("user_embedding_v2", {}, mine);
      const { body } = await post("export_person", {}, mine);
      expect(body).toMatchObject({ format: "futago-person/1", user_id: "p07" });
      expect(JSON.stringify(body)).not.toMatch(/p0[0-689]/);
      expect((await post("erase_person", {}, mine)).status).toBe(200);
      expect(refusal(await post("export_person", {}, mine))).toBe("404 not_found");
      expect(refusal(await post("recommendations", {}, mine))).toBe("403 age_not_confirmed");
    });

    test("knows its callers: nobody, forged, expired, another viewer, a viewer where only the application may", async () => {
      const body = { user_id: "p08" };
      const forged = await newKey("k1");
      expect(refusal(await post("recommendations", body, {}))).toBe("401 unauthorized");
      expect(refusal(await post("recommendations", body, await bearer("p08", {}, forged)))).toBe(
        "401 unauthorized",
      );
      expect(refusal(await post("recommendations", body, await bearer("p08", { exp: 1e9 })))).toBe(
        "401 unauthorized",
      );
      expect(refusal(await post("recommendations", body, { apikey: "sb_publishable_x" }))).toBe(
        "401 unauthorized",
      );
      expect(refusal(await post("recommendations", body, await bearer("p09")))).toBe("403 forbidden");
      for (const route of [
        "takedown",
        "confirm_age",
        "item_embedding",
        "reload_models",
        "dmm_content_sync",
        "run_jobs",
      ]) {
        expect(refusal(await post(route, body, await bearer("p08"))), route).toBe("403 forbidden");
      }
    });

    test("answers every kind of caller as the table says, in every route", async () => {
      const asker = await createTableAsker((path, init) => world.fetch(path, init), {
        issuer,
        iss: `${project}/auth/v1`,
        secret: legacySecret,
        serviceKeys: [secretKey, nextKey],
        now: Math.floor(Date.now() / 1000),
      });
      for (const row of routeTable.filter(({ path }) => path.startsWith("/functions/"))) {
        expect(await asker.ask(row), `${row.path} ${JSON.stringify(row.body?.("…"))}`).toEqual(row.answers);
      }
    });

    test("refuses what cannot be read, and says where", async () => {
      const wrong = await post(
        "events",
        { events: [{ user_id: "p08", video_id: 3, kind: "look" }] },
        service,
      );
      expect(refusal(wrong)).toBe("400 invalid_request");
      expect(wrong.body.error.issues.map(({ path }) => path)).toEqual([
        "events[0].video_id",
        "events[0].kind",
      ]);
      expect(refusal(await post("events", "{", service))).toBe("400 invalid_request");
      expect(refusal(await post("events", {}, { ...service, "content-type": "text/plain" }))).toBe(
        "415 unsupported_media_type",
      );
      expect(refusal(await post("events", `"${"x".repeat(1_048_576)}"`, service))).toBe("413 body_too_large");
      const got = await world.fetch("/functions/v1/events", { method: "GET", headers: service });
      expect(got.status).toBe(405);
      expect(got.headers.get("allow")).toBe("POST");
      await got.body?.cancel();
    });

    test("lets pages of the list ask, and no others", async () => {
      const ask = async (origin: string) => {
        const headers = {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "apikey",
        };
        const response = await world.fetch("/functions/v1/recommendations", { method: "OPTIONS", headers });
        await response.body?.cancel();
        return { status: response.status, allowed: response.headers.get("access-control-allow-origin") };
      };
      expect(await ask(page)).toEqual({ status: 204, allowed: page });
      expect(await ask("https://else.example")).toEqual({ status: 403, allowed: null });
      const { headers } = await post("recommendations", { user_id: "p08" }, { ...service, origin: page });
      expect(headers.get("access-control-allow-origin")).toBe(page);
    });

    test("a promotion serves as soon as it is told of, and no answer mixes two versions", async () => {
      const before = await post("recommendations", { user_id: "p09" }, service);
      const version = await world.deploy(2);
      expect((await post("reload_models", {}, service)).body).toMatchObject({
        model_version: version,
        source: "two_tower",
      });
      // Functions are workers of their own: another than the one that was told looks for itself within a second.
      await expect
        .poll(
          async () => (await post("recommendations", { user_id: "p09" }, service)).body["model_version"],
          {
            timeout: 20_000,
          },
        )
        .toBe(version);
      const after = await post("recommendations", { user_id: "p09" }, service);
      expect(after.body).toMatchObject({ model_version: version, source: "two_tower" });
      expect(after.body.recommendations).not.toEqual(before.body.recommendations);
    });

    test("[ED11] answers by a tower that knows order, with the vector that ONNX Runtime computes", async () => {
      const version = await world.deploy(3, "sequence");
      await post("reload_models", {}, service);
      const embedded = () => post("user_embedding_v2", { user_id: "p09" }, service);
      await expect
        .poll(async () => (await embedded()).body["model_version"], { timeout: 20_000 })
        .toBe(version);
      const vector = (await embedded()).body["vector"] as number[];
      const { userOnnx, itemOnnx, features } = tinySequenceModel(3).model;
      const towers = await loadTowers(await createOrtRuntime({ threads: 1 }), {
        userOnnx,
        itemOnnx,
        features,
      });
      const history = await createMemoryCatalogue(tinyCatalogue()).history("p09", { limit: 100 });
      const expected = await towers.embedHistories([history!], { asOf: testNow });
      await towers.close();
      expect(vector).toHaveLength(expected.length);
      for (const [d, x] of expected.entries()) expect(Math.abs(vector[d]! - x)).toBeLessThanOrEqual(1e-5);
      const recommended = () => post("recommendations", { user_id: "p09", limit: 3, explain: true }, service);
      // Another worker than the one that was waited for.
      await expect
        .poll(async () => (await recommended()).body["model_version"], { timeout: 20_000 })
        .toBe(version);
      const { body } = await recommended();
      expect(body["source"]).toBe("two_tower");
      const reasons = body.recommendations.map((shown) => (shown as { reasons?: unknown[] }).reasons);
      expect(reasons[0]!.length).toBeGreaterThan(0);
    });
  });
}
