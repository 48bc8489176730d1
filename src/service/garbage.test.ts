import fc from "fast-check";
import { expect, test } from "vitest";
import { tinyService } from "../../tests/tiny-service.ts";

const paths = [
  "/functions/v1/two_tower_recommendations",
  "/functions/v1/update_user_embedding",
  "/functions/v1/events",
];

// Bodies from random bytes to bodies with one wrong member; what happens to be right is kept out by `refused`.
const anything = fc.oneof(
  fc.constant('{"user_id":"p00","__proto__":{"limit":1}}'),
  fc.json({ maxDepth: 4 }),
  fc.string({ unit: "binary" }),
  fc.uint8Array({ maxLength: 200 }),
  fc.json({ maxDepth: 2 }).map((text) => text.slice(0, -1)),
);
const wrongId = fc.oneof(
  fc.constant(""),
  fc.integer(),
  fc.constant(null),
  fc.string({ minLength: 201, maxLength: 300 }),
  fc.string().map((text) => `${text}\u0000`),
  fc.constant("\ud800"),
  fc.array(fc.string()),
  fc.object(),
);
const wrongNumber = fc.oneof(
  fc.integer({ max: 0 }),
  fc.integer({ min: 1001 }),
  fc.double({ min: 1, max: 1000, noInteger: true }),
  fc.string(),
  fc.constant(null),
  fc.boolean(),
);
const nearlyRight = fc.oneof(
  fc.record({ user_id: wrongId }),
  fc.record({ user_id: fc.constant("p00"), limit: wrongNumber }),
  fc.record({
    user_id: fc.constant("p00"),
    exclude: fc.oneof(fc.array(wrongId, { minLength: 1 }), wrongNumber),
  }),
  fc.record({
    user_id: fc.constant("p00"),
    candidates: fc.oneof(fc.array(wrongId, { minLength: 1 }), wrongNumber),
  }),
  fc.record({ user_id: fc.constant("p00"), limits: fc.jsonValue() }),
  fc.constant({ user_id: "p00", candidates: Array.from({ length: 1001 }, (_, i) => `v${i}`) }),
  fc.record({
    events: fc.array(
      fc.oneof(fc.object(), fc.record({ user_id: wrongId, video_id: wrongId, kind: fc.string() })),
    ),
  }),
  fc.record({
    events: fc.array(
      fc.record({
        user_id: fc.constant("p00"),
        video_id: fc.constant("v01"),
        kind: fc.constant("view"),
        at: fc.oneof(
          fc.double({ max: 0 }),
          fc.double({ min: 1e15 }),
          fc.string({ maxLength: 5 }),
          fc.constant(null),
        ),
      }),
      { minLength: 1 },
    ),
  }),
);
const body = fc.oneof(
  anything,
  nearlyRight.map((value) => JSON.stringify(value)),
);
const headers = fc.oneof(
  { weight: 9, arbitrary: fc.constant({ "content-type": "application/json" }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      {},
      { "content-type": "text/plain" },
      { "content-type": "application/json; charset=x" },
    ),
  },
);
const method = fc.oneof(
  { weight: 9, arbitrary: fc.constant("POST") },
  { weight: 1, arbitrary: fc.constantFrom("PUT", "PATCH", "DELETE", "OPTIONS") },
);
const path = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...paths) },
  { weight: 1, arbitrary: fc.webPath().map((text) => `/functions/v1/x${text}`) },
);

test("10,000 bad requests are answered with 4xx", async () => {
  const { deploy, send } = tinyService();
  await deploy(1);
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(method, path, headers, body, async (method, path, headers, body) => {
      const { status, body: answer } = await send(path, { method, headers, body });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(answer.error?.code).toMatch(/^[a-z_]+$/);
      expect(answer.error?.message).toMatch(/^Cannot /);
    }),
    { numRuns: 10_000, seed: 2 },
  );
  expect([...statuses.keys()].sort()).toEqual([400, 404, 405, 415]);
});
