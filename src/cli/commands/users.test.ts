import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openDatabase } from "../../adapters/postgres/mod.ts";
import { main } from "../main.ts";

let home = "";

beforeAll(async () => {
  vi.stubEnv("DATABASE_URL", undefined);
  home = await mkdtemp(join(tmpdir(), "futago-users-"));
  const database = await openDatabase({ directory: join(home, "database") });
  const fields = { performers: ["Mori Aoi", "Hayashi Ren"] };
  await database.catalogue.putItems([
    { id: "video-1", title: "Harbour", fields },
    { id: "video-2", title: "Forest", fields: { performers: ["Hayashi Ren"] } },
  ]);
  await database.catalogue.putPeople([{ id: "viewer-1", fields: { region: "Kyoto" } }]);
  await database.catalogue.putEvents([{ personId: "viewer-1", itemId: "video-1", kind: "like", at: 1 }]);
  await database.close();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// In this process, as starting one for each command takes seconds.
async function futago(...args: string[]): Promise<Ended> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    }),
  );
  const errors = vi.spyOn(console, "error").mockImplementation((text) => {
    written.stderr += `${text}\n`;
  });
  try {
    return { code: await main([...args, "--home", home]), ...written };
  } finally {
    for (const spy of [...spies, errors]) spy.mockRestore();
  }
}

describe("futago users", () => {
  test("confirm-age makes a viewer of age, known or not, and --revoke takes it back", async () => {
    expect((await futago("users", "confirm-age", "viewer-1", "--json")).stdout).toBe(
      '{"age_confirmed":true}\n',
    );
    const { stdout } = await futago("users", "export", "viewer-1", "--json");
    const { tables } = JSON.parse(stdout);
    expect(tables.profiles).toMatchObject([
      { user_id: "viewer-1", attributes: { region: "Kyoto" }, age_confirmed_at: expect.any(String) },
    ]);
    expect(tables.likes).toMatchObject([{ user_id: "viewer-1", video_id: "video-1" }]);
    await futago("users", "confirm-age", "viewer-1", "--revoke");
    const revoked = JSON.parse((await futago("users", "export", "viewer-1", "--json")).stdout);
    expect(revoked.tables.profiles).toMatchObject([
      { age_confirmed_at: null, attributes: { region: "Kyoto" } },
    ]);
  });

  test("erase says what it would remove, removes it with --yes, and then nothing is left to export", async () => {
    const output = join(home, "viewer-2.json");
    await futago("users", "confirm-age", "viewer-2");
    await writeFile(output, "what was there before");
    expect((await futago("users", "export", "viewer-2", "--output", output)).code).toBe(0);
    expect(JSON.parse(await readFile(output, "utf8"))).toMatchObject({ user_id: "viewer-2" });
    if (process.platform !== "win32") expect((await stat(output)).mode & 0o777).toBe(0o600);
    const asked = await futago("users", "erase", "viewer-2");
    expect([asked.code, asked.stderr]).toEqual([1, expect.stringContaining("1 of profiles; add --yes")]);
    expect((await futago("users", "erase", "viewer-2", "--yes", "--json")).stdout).toBe('{"erased":true}\n');
    for (const command of ["erase", "export"]) {
      const { code, stderr } = await futago("users", command, "viewer-2");
      expect([code, stderr]).toEqual([1, expect.stringContaining("nothing is kept of that id")]);
    }
  });
});

describe("futago takedown", () => {
  const withdrawn = async (): Promise<string[]> => {
    const database = await openDatabase({ directory: join(home, "database") });
    const found: string[] = [];
    for await (const page of database.catalogue.items()) {
      found.push(...page.filter((item) => item.withdrawn).map((item) => item.id));
    }
    await database.close();
    return found;
  };

  test("takes a video, or all of a performer, down and puts them back; what is unknown is 1", async () => {
    expect((await futago("takedown", "video", "video-2", "--json")).stdout).toBe('{"withdrawn":true}\n');
    expect((await futago("takedown", "performer", "Mori Aoi")).code).toBe(0);
    expect(await withdrawn()).toEqual(["video-1", "video-2"]);
    await futago("takedown", "performer", "Mori Aoi", "--undo");
    expect(await withdrawn()).toEqual(["video-2"]);
    const unknown = await futago("takedown", "performer", "Nobody");
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringContaining("there is no such performer"),
    ]);
  });
});
