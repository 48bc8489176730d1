import { describe, expect, test } from "vitest";
import { tinyService } from "../../tests/tiny-service.ts";
import { FutagoError } from "../base/mod.ts";
import { createAuthenticator } from "./auth/create-authenticator.ts";
import { allRoutes } from "./routes/all-routes.ts";

const recommend = "/functions/v1/two_tower_recommendations";
const events = "/functions/v1/events";
const update = "/functions/v1/update_user_embedding";

describe("POST two_tower_recommendations", () => {
  test("answers with ids, scores, ranks, version, source and request id", async () => {
    const { deploy, post } = tinyService();
    const version = await deploy(1);
    const { status, body, headers } = await post(
      recommend,
      { user_id: "p00", limit: 2 },
      { "x-request-id": "abc-1" },
    );
    expect(status).toBe(200);
    expect(body).toEqual({
      recommendations: [
        { video_id: expect.stringMatching(/^v\d\d$/), score: expect.any(Number), rank: 1 },
        { video_id: expect.stringMatching(/^v\d\d$/), score: expect.any(Number), rank: 2 },
      ],
      model_version: version,
      source: "two_tower",
      request_id: "abc-1",
    });
    expect(headers.get("x-request-id")).toBe("abc-1");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test("[CS14] brings the credit that the terms of a video's source ask for", async () => {
    const { deploy, post, store } = tinyService();
    await deploy(1);
    const id = "dmm:FANZA:digital:videoa:abc00123";
    await store.putItems([{ id, title: "Harbour at dawn", fields: {} }]);
    await post("/functions/v1/item_embedding", { video_ids: [id] });
    const { body } = await post(recommend, { user_id: "p00", candidates: ["v01", id] });
    expect(body["attribution"]).toEqual([
      { text: "Powered by FANZA Webサービス", url: "https://affiliate.dmm.com/api/" },
    ]);
    const without = await post(recommend, { user_id: "p00", candidates: ["v01"] });
    expect(without.body).not.toHaveProperty("attribution");
  });

  test("gives 20 where no limit is asked for, and ranks candidates", async () => {
    const { deploy, post } = tinyService();
    await deploy(1);
    expect((await post(recommend, { user_id: "p00" })).body.recommendations).toHaveLength(20);
    const { body } = await post(recommend, {
      user_id: "p00",
      candidates: ["v01", "v02", "v04"],
      exclude: ["v04"],
    });
    expect(body.recommendations?.map(({ video_id }) => video_id).sort()).toEqual(["v01", "v02"]);
  });

  test.each(["p11", "nobody"])("refuses %s with 403, as their age is not confirmed", async (user_id) => {
    const { deploy, post } = tinyService();
    await deploy(1);
    for (const body of [{ user_id }, { user_id, candidates: ["v01"] }]) {
      const answer = await post(recommend, body);
      expect(answer.status).toBe(403);
      expect(answer.body.error?.code).toBe("age_not_confirmed");
    }
    expect((await post(update, { user_id })).status).toBe(403);
  });

  test("says exactly what is wrong with a body", async () => {
    const { post } = tinyService();
    const answer = await post(recommend, { user_id: 7, limit: 1001, exclude: ["a", "b\u0000"], color: 1 });
    expect(answer.status).toBe(400);
    expect(answer.body.error?.code).toBe("invalid_request");
    expect(answer.body.error?.issues).toEqual([
      {
        path: "user_id",
        expected: "a user id: a string of 1-200 characters without control characters",
        received: "7",
      },
      { path: "limit", expected: "a whole number from 1 to 1000", received: "1001" },
      {
        path: "exclude[1]",
        expected: "a video id: a string of 1-200 characters without control characters",
        received: '"b\\u0000"',
      },
      { path: "", expected: "no other members", received: "color" },
    ]);
    expect(answer.body["request_id"]).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("POST events", () => {
  test("a like changes the same viewer's next answer", async () => {
    const { deploy, post } = tinyService();
    await deploy(1);
    const before = (await post(recommend, { user_id: "p00", limit: 5 })).body.recommendations!;
    const liked = before[2]!.video_id;
    const recorded = await post(events, { events: [{ user_id: "p00", video_id: liked, kind: "like" }] });
    expect(recorded.body).toMatchObject({ accepted: 1, inserted: 1, updated: 0, unchanged: 0 });
    const after = (await post(recommend, { user_id: "p00", limit: 5 })).body.recommendations!;
    expect(after.map(({ video_id }) => video_id)).not.toContain(liked);
    expect(after).not.toEqual(before);
  });

  test("the same events again change nothing", async () => {
    const { post, clock } = tinyService();
    const at = new Date(clock.now() - 1000).toISOString();
    const body = {
      events: [
        { user_id: "p00", video_id: "v01", kind: "view", at, watch_fraction: 0.5, watch_seconds: 600 },
        { user_id: "p00", video_id: "v02", kind: "nope", at: clock.now() - 500 },
      ],
    };
    expect((await post(events, body)).body).toMatchObject({ accepted: 2, inserted: 2 });
    expect((await post(events, body)).body).toMatchObject({
      accepted: 2,
      inserted: 0,
      updated: 0,
      unchanged: 2,
    });
  });

  test("an unknown viewer gets a profile without a confirmed age; a known one keeps theirs", async () => {
    const { post, store } = tinyService();
    const like = (user_id: string) => ({ user_id, video_id: "v01", kind: "like" });
    const { status, body } = await post(events, { events: [like("new"), like("p10"), like("new")] });
    expect(status).toBe(200);
    expect(body).toMatchObject({ accepted: 3, inserted: 2, updated: 0, unchanged: 1 });
    expect((await store.history("new", { limit: 1 }))?.person).toEqual({ id: "new", fields: {} });
    expect((await store.history("p10", { limit: 1 }))?.person.ageConfirmedAt).toBeDefined();
    expect((await post(recommend, { user_id: "new" })).status).toBe(403);
  });

  test("an unknown video is a 422 that names it, and nothing is recorded", async () => {
    const { post, store } = tinyService();
    const before = await store.counts();
    const like = (video_id: string) => ({ user_id: "new", video_id, kind: "like" });
    const { status, body } = await post(events, { events: [like("v01"), like("v99")] });
    expect(status).toBe(422);
    expect(body.error?.issues).toEqual([
      { path: "events[1].video_id", expected: "a video of the catalogue", received: "v99" },
    ]);
    expect(await store.counts()).toEqual(before);
  });

  test("times in the future and watching of likes are refused", async () => {
    const { post, clock } = tinyService();
    const event = { user_id: "p00", video_id: "v01", kind: "like" };
    for (const wrong of [{ at: clock.now() + 1e6 }, { at: "2026-11-20" }, { at: -1 }, { watch_seconds: 5 }]) {
      const { status, body } = await post(events, { events: [{ ...event, ...wrong }] });
      expect(status).toBe(400);
      expect(body.error?.issues[0]?.path).toBe(`events[0].${Object.keys(wrong)[0]}`);
    }
  });
});

test("POST update_user_embedding stores the viewer's vector", async () => {
  const { deploy, post, vectors } = tinyService();
  const version = await deploy(1);
  const { status, body } = await post(update, { user_id: "p00" });
  expect(status).toBe(200);
  expect(body).toMatchObject({ model_version: version, dims: 16 });
  expect((await vectors.userHashes(version)).has("p00")).toBe(true);
});

describe("health", () => {
  test("is live, and ready while the database answers", async () => {
    const { deploy, send } = tinyService();
    expect((await send("/health/live", {})).status).toBe(200);
    expect((await send("/health/ready", {})).body).toMatchObject({
      status: "ready",
      source: "popularity",
      model_version: null,
    });
    const version = await deploy(1);
    expect((await send("/health/ready", {})).body).toMatchObject({
      source: "two_tower",
      model_version: version,
    });
  });

  test("is not ready where the database does not answer", async () => {
    const { send } = tinyService({ ping: () => Promise.reject(new Error("no")) });
    expect((await send("/health/ready", {})).status).toBe(503);
  });
});

describe("protection", () => {
  test("asks for the API key where one is configured, except for health and the document", async () => {
    const authenticator = createAuthenticator({ serviceKeys: ["correct horse"], clock: Date, fetch });
    const { post, send } = tinyService({ authenticator });
    const body = { user_id: "p00" };
    expect((await post(recommend, body)).status).toBe(401);
    expect((await post(recommend, body, { authorization: "Bearer correct" })).status).toBe(401);
    expect((await post(recommend, body, { authorization: "Bearer correct horse" })).status).toBe(200);
    expect((await post(recommend, body, { apikey: "correct horse" })).status).toBe(200);
    expect((await send("/health/ready", {})).status).toBe(200);
    expect((await send("/openapi.json", {})).status).toBe(200);
  });

  test.each([
    ["a body that is too large", { body: JSON.stringify({ user_id: "x".repeat(2e6) }) }, 413],
    ["a body that is not JSON", { body: "{" }, 400],
    ["no body", {}, 400],
    ["bytes that are not UTF-8", { body: new Uint8Array([0x22, 0xff, 0x22]) }, 400],
    ["brackets nested 400,000 deep", { body: "[".repeat(4e5) + "]".repeat(4e5) }, 400],
    ["another type", { body: "{}", headers: { "content-type": "text/plain" } }, 415],
    ["another method", { method: "DELETE" }, 405],
  ])("refuses %s", async (_, init, expected) => {
    const { send } = tinyService();
    const { status, body } = await send(recommend, {
      method: "POST",
      headers: { "content-type": "application/json" },
      ...init,
    });
    expect(status).toBe(expected);
    expect(body.error?.message).toMatch(/^Cannot /);
  });

  test("an unknown path is a 404 in JSON", async () => {
    const { send } = tinyService();
    const { status, body } = await send("/nowhere", {});
    expect(status).toBe(404);
    expect(body.error?.code).toBe("not_found");
  });

  test("maps failures of the world to their status without their words", async () => {
    const { post, store } = tinyService();
    store.history = () => Promise.reject(new FutagoError("database_unreachable", "secret host"));
    const unreachable = await post(recommend, { user_id: "p00" });
    expect(unreachable.status).toBe(503);
    store.history = () => Promise.reject(new Error("p00 is secret"));
    const unforeseen = await post(recommend, { user_id: "p00" });
    expect(unforeseen.status).toBe(500);
    expect(JSON.stringify([unreachable.body, unforeseen.body])).not.toMatch(/secret/);
  });

  test("logs no ids, titles or bodies", async () => {
    const { deploy, post, send, store, logged } = tinyService();
    await deploy(1);
    await post(recommend, { user_id: "p00", candidates: ["v01"] });
    await post(recommend, { user_id: "p11" });
    await post(events, { events: [{ user_id: "p00", video_id: "v99", kind: "like" }] });
    await send("/p00/v01", {});
    store.history = () => Promise.reject(new Error("row p00 of v01"));
    await post(recommend, { user_id: "p00" });
    expect(logged).toHaveLength(5);
    expect(logged[0]).toMatchObject({ route: "two_tower_recommendations", status: 200, source: "two_tower" });
    expect(logged[4]).toMatchObject({
      status: 500,
      code: "internal",
      fault: expect.stringMatching(/^Error at /),
    });
    expect(JSON.stringify(logged)).not.toMatch(/\b[pv]\d\d\b|o'clock/);
  });
});

test("GET /openapi.json says how callers prove who they are, and what they are refused with", async () => {
  const authenticator = createAuthenticator({ serviceKeys: ["k"], clock: Date, fetch });
  const { send } = tinyService({ authenticator, rateLimit: { perMinute: 60 } });
  const { body } = await send("/openapi.json", {});
  const { paths, components } = body as unknown as {
    paths: Record<
      string,
      { post: { security: object[]; responses: Record<string, { description: string }> } }
    >;
    components: { securitySchemes: object };
  };
  expect(Object.keys(components.securitySchemes)).toEqual(["token", "key"]);
  for (const { path, callers } of allRoutes) {
    const { security, responses } = paths[path]!.post;
    expect(security).toEqual(callers === "service" ? [{ key: [] }] : [{ token: [] }, { key: [] }]);
    expect(responses["401"]!.description).toBe("unauthorized");
    expect(responses["403"]!.description).toContain("forbidden");
    expect(responses["429"]!.description).toBe("rate_limited");
    expect(responses["503"]!.description).toContain("auth_unavailable");
  }
});

test("GET /openapi.json holds no pattern that is none, and no reference that leads nowhere", async () => {
  const { send } = tinyService();
  const { body } = await send("/openapi.json", {});
  const text = JSON.stringify(body);
  const patterns = [...text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(([, json]) => JSON.parse(json!));
  expect(patterns.length).toBeGreaterThan(10);
  for (const pattern of new Set(patterns)) {
    expect(new RegExp(pattern, "u").test("FANZA/digital/videoa")).toBe(true);
    expect(pattern).not.toMatch(/\/[a-z]*$/);
  }
  const { schemas } = body["components"] as { schemas: Record<string, object> };
  const named = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!);
  expect(new Set(named)).toEqual(new Set(Object.keys(schemas)));
  expect(text).not.toContain("$defs");
});

test("GET /openapi.json describes every route", async () => {
  const { send } = tinyService();
  const { body } = await send("/openapi.json", {});
  const paths = body["paths"] as Record<string, Record<string, { requestBody?: unknown; responses: object }>>;
  expect(Object.keys(paths).sort()).toEqual(
    [...allRoutes.map(({ path }) => path), "/health/live", "/health/ready", "/metrics"].sort(),
  );
  expect(Object.keys(paths[recommend]!["post"]!.responses)).toEqual([
    "200",
    "400",
    "403",
    "413",
    "415",
    "500",
    "503",
  ]);
  expect(JSON.stringify(body)).toContain('"two_tower"');
});
