import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tinyCatalogue } from "../../tests/tiny-model.ts";
import { claimsOf, newKey, signed, startJwksServer } from "../../tests/token-issuer.ts";
import { describeDatabases } from "../adapters/postgres/databases.conformance.ts";
import { createMemoryBlobStore } from "../base/mod.ts";
import { createContext } from "./context.ts";
import { serveUntilAborted } from "./serving.ts";

const path = "/functions/v1/recommendations";

describeDatabases("futago serve", (open) => {
  async function served(
    env: Record<string, string>,
    use: (url: string) => Promise<void>,
    logDir?: string,
  ): Promise<void> {
    const database = await open();
    await database.catalogue.putBatch(tinyCatalogue());
    const blobs = createMemoryBlobStore();
    const stop = new AbortController();
    const context = { ...createContext({ quiet: true }, stop.signal), env };
    await serveUntilAborted({
      context,
      stores: { database, blobs, home: blobs },
      options: { port: 0, ...(logDir === undefined ? { quiet: true } : { logDir }) },
      listening: async (url) => {
        await use(url).finally(() => stop.abort());
      },
    });
  }

  test("asks nobody on this machine who they are where no variable says so, and logs to a file a day", async () => {
    const logs = await mkdtemp(join(tmpdir(), "futago-serve-"));
    onTestFinished(() => rm(logs, { recursive: true, force: true }));
    const old = join(logs, "futago-2020-01-01.log");
    await writeFile(old, "");
    const use = async (url: string): Promise<void> => {
      const ask = (body: object, headers = {}) =>
        fetch(url + path, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(body),
        });
      expect((await ask({ user_id: "p00", limit: 3 })).status).toBe(200);
      expect((await ask({ user_id: "p11" })).status).toBe(403);
      const answer = await ask({ user_id: "p00" }, { origin: "https://app.example.com" });
      expect(answer.headers.has("access-control-allow-origin")).toBe(false);
    };
    await served({}, use, logs);
    const [file, ...others] = await readdir(logs);
    expect([file, others]).toEqual([expect.stringMatching(/^futago-20\d\d-\d\d-\d\d\.log$/), []]);
    const text = await readFile(join(logs, file!), "utf8");
    const lines = text.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "request")).toMatchObject([
      { route: "recommendations", status: 200 },
      { route: "recommendations", status: 403 },
      { route: "recommendations", status: 200 },
    ]);
    expect(text).not.toMatch(/"p00"|"p11"/);
  });

  test("knows callers, origins and limits by its variables", async () => {
    const key = await newKey("k1");
    const jwks = await startJwksServer(key);
    const env = {
      FUTAGO_API_KEY: "old, new",
      FUTAGO_JWKS_URL: jwks.url,
      FUTAGO_JWT_ISSUER: "https://issuer.example",
      FUTAGO_AGE_CLAIM: "adult",
      FUTAGO_CORS_ORIGINS: "https://app.example.com",
      FUTAGO_RATE_LIMIT: "2",
    };
    const now = Math.floor(Date.now() / 1000);
    const token = (sub: string, more: object = {}) =>
      signed(key, claimsOf(sub, { iat: now, exp: now + 60, ...more }));
    try {
      await served(env, async (url) => {
        const ask = async (credential: string | undefined, body: object = {}) => {
          const { status } = await fetch(url + path, {
            method: "POST",
            headers: {
              "content-type": "application/json",
              ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
            },
            body: JSON.stringify(body),
          });
          return status;
        };
        expect(await ask("new", { user_id: "p00" })).toBe(200);
        expect(await ask(await token("p00"))).toBe(200);
        expect(await ask(await token("p00"), { user_id: "p01" })).toBe(403);
        expect(await ask(await token("p00"))).toBe(429);
        expect(await ask(await token("p11"))).toBe(403);
        expect(await ask(await token("p11", { adult: true }))).toBe(200);
        expect(await ask(await token("p01", { iss: "https://else.example" }))).toBe(401);
        expect(await ask(undefined)).toBe(401);
        expect(await ask("guess")).toBe(429);
        const preflight = await fetch(url + path, {
          method: "OPTIONS",
          headers: { origin: "https://app.example.com", "access-control-request-method": "POST" },
        });
        expect(preflight.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
        const metrics = await fetch(`${url}/metrics`, { headers: { apikey: "old" } });
        const text = await metrics.text();
        expect(text).toContain('futago_problems_total{code="rate_limited"} 2');
        expect(text).not.toMatch(/\bp0\d\b|eyJ/);
      });
    } finally {
      await jwks.close();
    }
  });
});
