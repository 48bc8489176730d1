import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FakeDmm, startFakeDmm } from "./fake-dmm/mod.ts";

let home = "";
let fake: FakeDmm;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "futago-sync-"));
  fake = await startFakeDmm({ items: 300 });
});
afterAll(async () => {
  await fake.close();
  await rm(home, { recursive: true, force: true });
});

async function futago(args: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  const { DATABASE_URL: _, ...env } = process.env;
  const { apiId, affiliateId } = fake.credentials;
  const own = { FUTAGO_HOME: home, DMM_API_URL: fake.url, DMM_API_ID: apiId, DMM_AFFILIATE_ID: affiliateId };
  const child = spawn(process.execPath, ["src/cli/main.ts", "sync", ...args, "--json"], {
    env: { ...env, ...own, ...settings },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  const last = stdout.trim().split("\n").at(-1) ?? "";
  return {
    code,
    stderr,
    result: last === "" ? undefined : (JSON.parse(last) as unknown),
    said: stdout + stderr,
  };
}

test("[SY13] the command line syncs floors and a feed, says where they stand, and never says a credential", async () => {
  const floors = ["--floors", fake.floors.join(","), "--rate", "1000"];
  const without = await futago(["dmm"], { DMM_API_ID: "" });
  expect([without.code, without.stderr]).toEqual([1, expect.stringContaining("set DMM_API_ID")]);
  const [one] = fake.listing.all();
  const single = await futago(["dmm", "--cid", `dmm:${one!.floor.replaceAll("/", ":")}:${one!.contentId}`]);
  expect(single.result, single.said).toMatchObject({ inserted: 1, missing: [] });
  fake.faults.quota = 2;
  const exhausted = await futago(["dmm", ...floors]);
  expect(exhausted.code, exhausted.said).toBe(1);
  fake.faults.quota = Number.POSITIVE_INFINITY;
  // The key is left alone, by another process too; nothing is sent.
  const asked = fake.requests.total;
  expect((await futago(["dmm", ...floors])).code).toBe(1);
  expect(fake.requests.total).toBe(asked);

  await writeFile(join(home, "shop.jsonl"), '{"sku":"a1","name":"Harbour"}\n{"sku":"a2"}\n');
  const mapping = { items: { file: "shop.jsonl", id: "sku", title: "name", fields: {} } };
  await writeFile(join(home, "mapping.json"), JSON.stringify(mapping));
  const feed = await futago([
    "feed",
    join(home, "shop.jsonl"),
    "--mapping",
    join(home, "mapping.json"),
    "--name",
    "shop",
  ]);
  expect(feed.result, feed.said).toMatchObject({ finished: true, inserted: 1, failed: 1 });
  const shop = ["feed", join(home, "shop.jsonl"), "--mapping", join(home, "mapping.json"), "--name", "large"];
  const rows = Array.from({ length: 150 }, (_, i) => `{"sku":"b${i}","name":"Harbour ${i}"}`);
  await writeFile(join(home, "shop.jsonl"), rows.join("\n"));
  await futago(shop);
  await writeFile(join(home, "shop.jsonl"), rows[0]!);
  expect((await futago(shop)).code).toBe(0);
  const held = await futago(shop);
  expect([held.code, held.said]).toEqual([1, expect.stringContaining("--allow-withdrawals")]);
  expect(held.result).toMatchObject({ withdrawn: 0, heldBack: 149 });
  const allowed = await futago([...shop, "--allow-withdrawals"]);
  expect(allowed.result, allowed.said).toMatchObject({ withdrawn: 149, heldBack: 0 });

  const { result: status } = await futago(["status"]);
  expect(status).toMatchObject({
    sources: [
      { source: "dmm", cursors: [{ mode: "full", pages: 1 }] },
      { source: "large", items: 150, missing: 149 },
      { source: "shop", items: 1, failing: 1, cursors: [] },
    ],
  });
  const said = without.said + exhausted.said + feed.said;
  expect(said).not.toMatch(new RegExp(Object.values(fake.credentials).join("|")));
}, 60_000);
