import { expect, test } from "vitest";
import { createConsoleLog } from "./console-log.ts";
import { readEdgeSettings } from "./edge-settings.ts";

const platform = {
  SUPABASE_URL: "https://project.example",
  SUPABASE_DB_URL: "postgres://pooler.example:6543/postgres",
  SUPABASE_SECRET_KEYS: '{"automations":"sb_secret_b","default":"sb_secret_a"}',
};

test("reads what Supabase gives every function", () => {
  expect(readEdgeSettings(platform)).toEqual({
    databaseUrl: platform.SUPABASE_DB_URL,
    storage: { url: platform.SUPABASE_URL, key: "sb_secret_a", bucket: "futago-models" },
    queryTimeoutMs: 2000,
    memoryItems: 0,
  });
});

test("takes a key of one's own first, and the older service role key last", () => {
  const key = (env: Record<string, string>) => readEdgeSettings({ ...platform, ...env }).storage.key;
  expect(key({ SUPABASE_SECRET_KEY: "sb_secret_own", SUPABASE_SERVICE_ROLE_KEY: "old" })).toBe(
    "sb_secret_own",
  );
  expect(key({ SUPABASE_SECRET_KEYS: "no json", SUPABASE_SERVICE_ROLE_KEY: "old" })).toBe("old");
  expect(key({ SUPABASE_SECRET_KEYS: '{"only":"sb_secret_only"}' })).toBe("sb_secret_only");
});

test("FUTAGO_DB_URL, FUTAGO_DB_CA and FUTAGO_BUCKET choose another pooler, its authority and another bucket", () => {
  const settings = readEdgeSettings({
    ...platform,
    FUTAGO_DB_URL: "postgres://own.example/db",
    FUTAGO_DB_CA: "-----BEGIN CERTIFICATE-----",
    FUTAGO_BUCKET: "mine",
  });
  expect(settings.databaseCaCerts).toEqual(["-----BEGIN CERTIFICATE-----"]);
  expect(settings.databaseUrl).toBe("postgres://own.example/db");
  expect(settings.storage.bucket).toBe("mine");
});

test("a query may take as long as FUTAGO_QUERY_TIMEOUT_MS says, which must be a number", () => {
  expect(readEdgeSettings({ ...platform, FUTAGO_QUERY_TIMEOUT_MS: "750" }).queryTimeoutMs).toBe(750);
  expect(() => readEdgeSettings({ ...platform, FUTAGO_QUERY_TIMEOUT_MS: "soon" })).toThrow(
    "FUTAGO_QUERY_TIMEOUT_MS must be a whole number",
  );
  expect(() => readEdgeSettings({ ...platform, FUTAGO_MEMORY_ITEMS: "1001" })).toThrow("from 0 to 1000");
});

test.each(["SUPABASE_URL", "SUPABASE_DB_URL", "SUPABASE_SECRET_KEYS"])(
  "names %s where it is missing",
  (name) => {
    expect(() => readEdgeSettings({ ...platform, [name]: "" })).toThrow(`as ${name} must be set`);
  },
);

test("[ED7] writes down what went wrong and what the active model did not answer, and nothing else", () => {
  const lines: string[] = [];
  const log = createConsoleLog((line) => lines.push(line));
  const entry = { requestId: "r", method: "POST", route: "events", status: 200, milliseconds: 3 };
  log.request(entry);
  log.request({ ...entry, status: 403, code: "forbidden" });
  log.request({ ...entry, source: "two_tower" });
  expect(lines).toEqual([]);
  log.request({ ...entry, status: 503, code: "database_unreachable" });
  log.request({ ...entry, source: "popularity" });
  log.fallback({ version: "v", code: "bundle_missing", message: "m" });
  log.failed("opening", "bundle_corrupt");
  log.recovered("opening", "bundle_corrupt", 1200);
  log.failure(new TypeError("Cannot start"));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: "error", msg: "request", status: 503 },
    { level: "warn", msg: "request", source: "popularity" },
    { level: "warn", version: "v", code: "bundle_missing" },
    { level: "warn", msg: "broken", link: "opening", code: "bundle_corrupt" },
    { level: "warn", msg: "works again", link: "opening", milliseconds: 1200 },
    { level: "error", reason: "Cannot start" },
  ]);
});
