import fc from "fast-check";
import { expect, test } from "vitest";
import { tinyService } from "../../tests/tiny-service.ts";
import { legacySecret, newKey } from "../../tests/token-issuer.ts";
import { createAuthenticator } from "./auth/create-authenticator.ts";
import { allRoutes } from "./routes/all-routes.ts";

const paths = allRoutes.map(({ path }) => path);

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
  fc.record({
    user_id: fc.constant("p00"),
    filter: fc.oneof(
      wrongNumber,
      fc.array(fc.object()),
      fc.record({ genres: fc.array(wrongId, { minLength: 1 }) }),
      fc.record({ min_price: fc.oneof(fc.double({ max: -1 }), fc.string(), fc.constant(null)) }),
      fc.record({ price: fc.jsonValue() }),
      fc.constant({ min_price: 2, max_price: 1 }),
    ),
  }),
  fc.constant({ user_id: "p00", candidates: ["v01"], filter: {} }),
  fc.record({
    user_id: fc.constant("p00"),
    makers: fc.oneof(wrongNumber, fc.array(wrongId, { minLength: 1 })),
  }),
  fc.record({ video_ids: fc.oneof(wrongNumber, fc.constant([]), fc.array(wrongId, { minLength: 1 })) }),
  fc.record({
    user_id: fc.constant("p00"),
    confirmed: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
  }),
  fc.record({ video_id: fc.oneof(wrongId, fc.constant("v99")), withdrawn: fc.oneof(fc.boolean(), wrongId) }),
  fc.record({ performer: fc.oneof(wrongId, fc.constant("nobody")) }),
  fc.constant({ video_id: "v01", performer: "performer 1" }),
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
      // The one body that is right: nothing, of the routes that ask for nothing.
      fc.pre(
        !(
          /\/(?:reload_models|dmm_content_sync|run_jobs)$/.test(path) &&
          typeof body === "string" &&
          body.trim() === "{}"
        ),
      );
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

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? "").toString("base64url");
const header = fc.oneof(
  fc.record({
    alg: fc.oneof(fc.constantFrom("ES256", "RS256", "HS256", "none", "", "__proto__"), fc.jsonValue()),
    kid: fc.oneof(fc.constantFrom("k1", "k2", "constructor"), fc.jsonValue()),
    typ: fc.jsonValue(),
  }),
  fc.jsonValue(),
);
const credential = fc.oneof(
  fc.string({ maxLength: 50 }),
  fc.stringMatching(/^[\w-]*\.[\w-]*\.[\w-]*$/),
  fc
    .tuple(header, fc.oneof(fc.object(), fc.jsonValue()), fc.stringMatching(/^[\w-]{0,90}$/))
    .map(([header, payload, signature]) => `${encoded(header)}.${encoded(payload)}.${signature}`),
);

test("2,000 bad credentials are answered with 401", async () => {
  const key = await newKey("k1");
  const { send } = tinyService({
    authenticator: createAuthenticator({
      serviceKeys: ["sb_secret_example"],
      jwt: { jwks: { keys: [key.publicJwk] }, secret: legacySecret },
      clock: Date,
      fetch,
    }),
  });
  const path = fc.constantFrom(...paths);
  const name = fc.constantFrom("authorization", "apikey");
  await fc.assert(
    fc.asyncProperty(
      path,
      name,
      fc.constantFrom("Bearer ", "bearer  ", ""),
      credential,
      async (path, name, scheme, given) => {
        const { status, body } = await send(path, {
          method: "POST",
          headers: { "content-type": "application/json", [name]: `${scheme}${given}` },
        });
        expect(status).toBe(401);
        expect(body.error?.code).toBe("unauthorized");
      },
    ),
    { numRuns: 2000, seed: 4 },
  );
});
