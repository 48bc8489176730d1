import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { tinyCatalogue, tinyModel } from "../../../tests/tiny-model.ts";
import { createFileBlobStore } from "../../adapters/blob-fs/mod.ts";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { openDatabase } from "../../adapters/postgres/mod.ts";
import { importTensorFlow, openTfjsTowers } from "../../adapters/tfjs/mod.ts";
import { createDeployer, measureParity, readBundle, writeBundle } from "../../registry/mod.ts";
import { towersOf } from "../../towers/mod.ts";
import { main } from "../main.ts";

const fixtures = new URL("../../../tests/fixtures/", import.meta.url).pathname;
let home = "";
let trained = "";
/** Like the trained one, but for one recorded number. */
const damaged = "2026.11.20-90";

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "futago-models-"));
  vi.stubEnv("FUTAGO_HOME", home);
  vi.stubEnv("DATABASE_URL", undefined);
  const database = await openDatabase({ directory: join(home, "database") });
  const { items, people, events } = tinyCatalogue();
  await database.catalogue.putItems(items);
  await database.catalogue.putPeople(people);
  await database.catalogue.putEvents(events);
  const blobs = createFileBlobStore(home);
  const { versions } = database;
  const { model, dataset } = tinyModel();
  const runtime = await createOrtRuntime({ threads: 1 });
  const deployer = createDeployer({ blobs, versions, runtime, clock: Date });
  const row = await deployer.register(model, { dataset });
  trained = row.version;
  const bundle = await readBundle(blobs, trained);
  const userVectors = bundle.golden.userVectors.map((vector, i) =>
    i === 0 ? vector.map((x, d) => (d === 3 ? x + 2e-5 : x)) : vector,
  );
  const { manifestHash } = await writeBundle(blobs, {
    ...bundle,
    manifest: { ...bundle.manifest, version: damaged },
    golden: { ...bundle.golden, userVectors },
  });
  await versions.add({ ...row, version: damaged, semanticVersion: "9.0.0", manifestHash });
  await database.close();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true, force: true });
});

/** Runs a command in this process: a process of its own each would take most of the time. */
async function models(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: "", stderr: "" };
  const capture = (stream: "stdout" | "stderr") =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  const errors = vi.spyOn(console, "error").mockImplementation((line) => {
    written.stderr += `${line}\n`;
  });
  const spies = [capture("stdout"), capture("stderr"), errors];
  try {
    return { code: await main(["models", ...args]), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

describe("futago models verify", () => {
  test("prints the largest difference of every pair and ends with 0 within 1e-5", async () => {
    const { code, stdout, stderr } = await models("verify", trained, "--json");
    expect(code, stderr).toBe(0);
    const [verified] = JSON.parse(stdout).verified;
    expect(verified).toMatchObject({ version: trained, agree: true });
    expect(verified.pairs).toHaveLength(10);
    expect(verified.largest).toBeLessThanOrEqual(1e-5);
    expect(stderr).toMatch(/largest difference +onnxruntime-node +portable +onnxruntime-web +tfjs\n/);
  });

  test("ends with 1 where a vector is not the recorded one within 1e-5", async () => {
    const { code, stdout, stderr } = await models("verify", damaged, "--runtimes", "portable", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout).verified[0].largest).toBeCloseTo(2e-5, 6);
    expect(stderr).toContain(`Cannot trust version "${damaged}"`);
  });

  test("names the runtimes there are where one is asked for that is none", async () => {
    const { code, stderr } = await models("verify", "--runtimes", "abacus");
    expect(code).toBe(1);
    expect(stderr).toContain("onnxruntime-node, portable, onnxruntime-web, tfjs");
  });
});

describe("futago models export and import", () => {
  test("what is exported for TensorFlow.js answers there as recorded", async () => {
    const output = join(home, "tfjs");
    const { code, stdout, stderr } = await models(
      "export",
      trained,
      "--format",
      "tfjs",
      "--output",
      output,
      "--json",
    );
    expect(code, stderr).toBe(0);
    const files: Record<string, Uint8Array> = {};
    for (const { path } of JSON.parse(stdout).files) files[path] = await readFile(join(output, path));
    const { features, golden } = await readBundle(createFileBlobStore(home), trained);
    const towers = await towersOf(await openTfjsTowers(await importTensorFlow(), files), { features });
    expect(await measureParity(towers, golden)).toBeLessThanOrEqual(1e-5);
    await towers.close();
    expect(JSON.parse(new TextDecoder().decode(files["inputs.json"]))).toMatchObject({
      kind: "futago-inputs",
      version: trained,
      dims: 16,
    });
  });

  test("what is exported as ONNX comes in again under its own name", async () => {
    const output = join(home, "onnx");
    expect((await models("export", trained, "--output", output)).code).toBe(0);
    const files = ["--user", join(output, "user_tower.onnx"), "--item", join(output, "item_tower.onnx")];
    const features = ["--features", join(output, "features.json")];
    const { code, stdout, stderr } = await models(
      "import",
      ...files,
      ...features,
      "--name",
      "again",
      "--json",
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ version: expect.stringMatching(/^20/), dims: 16 });
  });

  test("towers from PyTorch become a candidate; a dry run changes nothing", async () => {
    const files = ["user.onnx", "item.onnx"].map((file) => `${fixtures}pytorch/${file}`);
    const args = [
      "--user",
      files[0]!,
      "--item",
      files[1]!,
      "--config",
      `${fixtures}pytorch/import.json`,
      "--json",
    ];
    const dry = await models("import", ...args, "--dry-run");
    expect(JSON.parse(dry.stdout), dry.stderr).toMatchObject({ dryRun: true, dims: 12 });
    const { stdout, stderr } = await models("import", ...args);
    const { version, parity } = JSON.parse(stdout);
    expect(parity, stderr).toBeLessThanOrEqual(1e-5);
    const list = JSON.parse((await models("list", "--json")).stdout).versions;
    expect(list.find((row: { version: string }) => row.version === version)).toMatchObject({
      status: "candidate",
      preset: "imported",
      description: "two towers from PyTorch",
    });
    const refused = await models("export", version, "--format", "tfjs", "--output", join(home, "no"));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Futago must have trained its towers");
  });

  test("a file that is not there is named", async () => {
    const { code, stderr } = await models("import", "--user", "nowhere.onnx", "--item", "nowhere.onnx");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Cannot read "nowhere.onnx"/);
  });
});
