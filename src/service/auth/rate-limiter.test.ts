import { describe, expect, test } from "vitest";
import { tinyService } from "../../../tests/tiny-service.ts";
import type { ServiceDeps } from "../serve-routes.ts";
import { createAuthenticator } from "./create-authenticator.ts";
import { createRateLimiter } from "./rate-limiter.ts";

function limiting(limit: Parameters<typeof createRateLimiter>[0], maxCallers?: number) {
  const clock = { time: 1e12, now: () => clock.time };
  const limiter = createRateLimiter(limit, { clock, ...(maxCallers === undefined ? {} : { maxCallers }) });
  return { clock, take: (caller: string) => limiter.take(caller) };
}

describe("createRateLimiter()", () => {
  test("lets as many through as are allowed, then says how long to wait", () => {
    const { clock, take } = limiting({ perMinute: 6, burst: 2 });
    expect([take("a"), take("a"), take("a")]).toEqual([0, 0, 10]);
    expect(take("b")).toBe(0);
    clock.time += 9_000;
    expect(take("a")).toBe(1);
    clock.time += 1_000;
    expect([take("a"), take("a")]).toEqual([0, 10]);
    // After a long pause a burst, not an hour's worth.
    clock.time += 3_600_000;
    expect([take("a"), take("a"), take("a")]).toEqual([0, 0, 10]);
  });

  test("over any time lets through the rate and one burst at most", () => {
    const { clock, take } = limiting({ perMinute: 60, burst: 5 });
    let passed = 0;
    for (let ms = 0; ms < 60_000; ms += 100) {
      if (take("a") === 0) passed++;
      clock.time += 100;
    }
    expect(passed).toBe(64);
  });

  test("keeps a bounded number of callers, those who asked last", () => {
    const { take } = limiting({ perMinute: 1 }, 2);
    expect([take("a"), take("b"), take("a"), take("c")]).toEqual([0, 0, 60, 0]);
    // b was forgotten for c; a, who asked after b, was not.
    expect(take("a")).toBeGreaterThan(0);
    expect(take("b")).toBe(0);
  });

  test("a clock that is set back takes nothing away", () => {
    const { clock, take } = limiting({ perMinute: 60, burst: 2 });
    take("a");
    clock.time -= 1e9;
    expect([take("a"), take("a")]).toEqual([0, 1]);
    clock.time += 1000;
    expect(take("a")).toBe(0);
  });

  test.each([
    { perMinute: 0 },
    { perMinute: Number.NaN },
    { perMinute: 1, burst: 0 },
    { perMinute: Infinity },
  ])("refuses %o", (limit) => {
    expect(() => limiting(limit)).toThrow(RangeError);
  });
});

describe("[SV7] callers who ask too often", () => {
  const path = "/functions/v1/blocks";
  const viewerOf = (authorization: string | null) => (authorization ?? "").replace("Bearer viewer ", "");

  function limited(rateLimit: NonNullable<ServiceDeps["rateLimit"]>) {
    const service = tinyService({
      rateLimit,
      // Who says to be a viewer is one here: what tokens prove is tested where they are checked.
      authenticator: {
        authenticate: async (request) => {
          const authorization = request.headers.get("authorization");
          if (authorization?.startsWith("Bearer viewer ")) {
            return { kind: "viewer", personId: viewerOf(authorization), ageConfirmed: false };
          }
          return createAuthenticator({ serviceKeys: ["k1", "k2"], clock: Date, fetch }).authenticate(request);
        },
      },
    });
    const ask = async (authorization: string | undefined, clientAddress?: string, body: object = {}) => {
      const request = new Request(`http://localhost${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(authorization === undefined ? {} : { authorization }),
          "x-forwarded-for": String(Math.random()),
        },
        body: JSON.stringify(body),
      });
      const response = await service.service.fetch(request, { clientAddress });
      return {
        status: response.status,
        retryAfter: response.headers.get("retry-after"),
        text: await response.text(),
      };
    };
    return { ...service, ask };
  }

  test("are told to wait, each on their own", async () => {
    const { ask, clock, logged } = limited({ perMinute: 2 });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await ask("Bearer viewer p00")).status);
    expect(statuses).toEqual([200, 200, 429]);
    const refused = await ask("Bearer viewer p00");
    expect(refused.retryAfter).toBe("30");
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: "rate_limited", issues: [] } });
    expect((await ask("Bearer viewer p01")).status).toBe(200);
    expect(logged.filter(({ code }) => code === "rate_limited")).toHaveLength(2);
    clock.time += 30_000;
    expect((await ask("Bearer viewer p00")).status).toBe(200);
  });

  test("without proof are counted by address, whatever they forward, and in nobody else's way", async () => {
    const { ask } = limited({ perMinute: 1 });
    expect((await ask("Bearer guess 1", "192.0.2.1")).status).toBe(401);
    expect((await ask("Bearer guess 2", "192.0.2.1")).status).toBe(429);
    expect((await ask(undefined, "192.0.2.1")).status).toBe(429);
    expect((await ask(undefined, "192.0.2.2")).status).toBe(401);
    expect((await ask("Bearer viewer p00", "192.0.2.1")).status).toBe(200);
    expect((await ask("Bearer k1", "192.0.2.1", { user_id: "p00" })).status).toBe(200);
    // Whoever is refused is counted apart from viewers, whatever the two are called.
    expect((await ask("Bearer viewer 192.0.2.1", "192.0.2.1")).status).toBe(200);
    // Addresses that the server does not tell are one.
    expect((await ask(undefined)).status).toBe(401);
    expect((await ask(undefined)).status).toBe(429);
  });

  test("by a service key are counted only where that is asked for, each key on its own", async () => {
    const unlimited = limited({ perMinute: 1 });
    for (let i = 0; i < 5; i++) {
      expect((await unlimited.ask("Bearer k1", undefined, { user_id: "p00" })).status).toBe(200);
    }
    const { ask } = limited({ perMinute: 1, servicePerMinute: 2 });
    const statuses = [];
    for (const key of ["k1", "k1", "k1", "k2"]) {
      statuses.push((await ask(`Bearer ${key}`, undefined, { user_id: "p00" })).status);
    }
    expect(statuses).toEqual([200, 200, 429, 200]);
  });

  test("are refused before their body is read", async () => {
    const { ask } = limited({ perMinute: 1 });
    await ask("Bearer viewer p00");
    expect((await ask("Bearer viewer p00", undefined, { wrong: true })).status).toBe(429);
  });

  test("may ask for health as often as they like", async () => {
    const { send } = limited({ perMinute: 1 });
    for (let i = 0; i < 3; i++) expect((await send("/health/live", {})).status).toBe(200);
  });
});
