import { describe, expect, test } from "vitest";
import { tinyService } from "../../tests/tiny-service.ts";
import { createAuthenticator } from "./auth/create-authenticator.ts";

const path = "/functions/v1/two_tower_recommendations";
const app = "https://app.example.com";
const elsewhere = "https://app.example.com.evil.example";
const authenticator = createAuthenticator({ serviceKeys: ["k"], clock: Date, fetch });

function preflight(origin: string): RequestInit {
  const headers = {
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "apikey",
  };
  return { method: "OPTIONS", headers };
}

describe("[SV8] origins", () => {
  test("of the list are answered before they ask, without a key", async () => {
    const { send } = tinyService({ authenticator, cors: { origins: [app, "http://localhost:3000"] } });
    for (const origin of [app, "http://localhost:3000"]) {
      const { status, headers } = await send(path, preflight(origin));
      expect(status).toBe(204);
      expect(headers.get("access-control-allow-origin")).toBe(origin);
      expect(headers.get("access-control-allow-methods")).toBe("POST");
      for (const name of ["authorization", "apikey", "content-type", "x-client-info"]) {
        expect(headers.get("access-control-allow-headers")).toContain(name);
      }
      expect(headers.get("vary")).toBe("Origin");
      expect(headers.has("access-control-allow-credentials")).toBe(false);
    }
    expect((await send("/health/live", preflight(app))).headers.get("access-control-allow-methods")).toBe(
      "GET, HEAD",
    );
  });

  test("of the list may read answers and refusals", async () => {
    const { send } = tinyService({ authenticator, cors: { origins: [app] } });
    for (const [url, status] of [
      ["/health/live", 200],
      [path, 401],
      ["/nowhere", 404],
    ] as const) {
      const method = url === path ? "POST" : "GET";
      const answer = await send(url, { method, headers: { origin: app } });
      expect(answer.status).toBe(status);
      expect(answer.headers.get("access-control-allow-origin")).toBe(app);
      expect(answer.headers.get("access-control-expose-headers")).toContain("retry-after");
    }
  });

  test.each([
    elsewhere,
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://sub.app.example.com",
    "null",
    "*",
  ])("%s, which is not on the list, is not echoed", async (origin) => {
    const { send } = tinyService({ cors: { origins: [app] } });
    const asked = await send(path, preflight(origin));
    expect(asked.status).toBe(403);
    expect(asked.body.error?.code).toBe("forbidden");
    const answer = await send("/health/live", { headers: { origin } });
    for (const { headers } of [asked, answer]) {
      expect(headers.has("access-control-allow-origin")).toBe(false);
      expect(headers.get("vary")).toBe("Origin");
    }
  });

  test("no cache gives one origin's answer to another, also where none was named", async () => {
    const { send } = tinyService({ cors: { origins: [app] } });
    expect((await send("/health/live", {})).headers.get("vary")).toBe("Origin");
  });

  test("are all let in by a star alone, which is said as it is", async () => {
    const { send } = tinyService({ cors: { origins: ["*"] } });
    const { status, headers } = await send(path, preflight(elsewhere));
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.has("access-control-allow-credentials")).toBe(false);
  });

  test("without a list nobody is let in, and nothing is said of it", async () => {
    const { send } = tinyService();
    const { status, headers } = await send(path, preflight(app));
    expect(status).toBe(405);
    expect(headers.get("allow")).toBe("POST");
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("OPTIONS that no browser asks is a method like others", async () => {
    const { send } = tinyService({ cors: { origins: [app] } });
    expect((await send(path, { method: "OPTIONS", headers: { origin: app } })).status).toBe(405);
  });

  test.each([
    ["https://app.example.com/"],
    ["https://app.example.com/path"],
    ["app.example.com"],
    ["https://*.example.com"],
    ["null"],
    [app, "*"],
    [""],
  ])("%s cannot be on a list", (...origins) => {
    expect(() => tinyService({ cors: { origins } })).toThrow(/Cannot allow the origin/);
  });
});
