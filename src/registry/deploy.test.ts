import { describe, expect, test } from "vitest";
import { tinyModel } from "../../tests/tiny-model.ts";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { type BlobStore, createMemoryBlobStore, FutagoError } from "../base/mod.ts";
import { embedCatalogue, hasItemVectors } from "../embeddings/mod.ts";
import { createPortableRuntime, type Runtime } from "../onnx/mod.ts";
import { readManifest } from "./bundle.ts";
import { createDeployer, type DeployerDeps } from "./deployer.ts";
import { defaultSemanticVersion } from "./label-version.ts";
import { loadModel } from "./load-model.ts";
import { createMemoryVersionStore } from "./memory-version-store.ts";
import { nextSemanticVersion } from "./semantic-version.ts";

/** A world whose instances read models from another place than training writes them to. */
function publishingWorld(options: Partial<DeployerDeps> = {}) {
  const { versions: _, ...world } = tinyWorld();
  const versions = createMemoryVersionStore({ clock: world.clock });
  const published = createMemoryBlobStore();
  const { blobs, runtime, clock, vectors } = world;
  const done: string[] = [];
  const prepare = async (model: Parameters<NonNullable<DeployerDeps["prepare"]>>[0]): Promise<void> => {
    done.push(`embed ${model.version}`);
    const { towers, version } = model;
    await embedCatalogue({ towers, version, store: world.store, vectors });
  };
  const recording = {
    ...versions,
    activate: async (version: string) => {
      done.push(`switch ${version}`);
      await versions.activate(version);
    },
  };
  const deps: DeployerDeps = { blobs, published, versions: recording, runtime, clock, prepare, ...options };
  const deployer = createDeployer(deps);
  const register = async (seed: number) => {
    const { model, dataset } = tinyModel(seed);
    return (await deployer.register(model, { dataset })).version;
  };
  return { ...world, versions, published, deps, deployer, register, done };
}

/** A store that is gone after so many writes, as if the process had been killed. */
function dying(inner: BlobStore, writes: number): BlobStore {
  let left = writes;
  return {
    ...inner,
    write: async (path, bytes) => {
      if (left-- <= 0) throw new FutagoError("storage_failed", "killed");
      await inner.write(path, bytes);
    },
  };
}

describe("deploy()", () => {
  test("[RE6] puts the bundle under its hash, embeds, and only then switches", async () => {
    const { deployer, register, published, versions, done, runtime } = publishingWorld();
    const version = await register(1);
    const deployed = await deployer.deploy(version, { description: "first", semver: "2.0.0" });
    const { manifestHash } = (await versions.get(version))!;
    expect(deployed.published).toMatchObject({ path: `models/${version}/${manifestHash.slice(0, 16)}/` });
    expect(deployed.published!.sent.at(-1)).toBe("manifest.json");
    expect((await published.list("")).every((path) => path.startsWith(deployed.published!.path))).toBe(true);
    expect(deployed.version).toMatchObject({
      status: "active",
      description: "first",
      semanticVersion: "2.0.0",
    });
    expect(done).toEqual([`embed ${version}`, `switch ${version}`]);
    await (await loadModel({ runtime, blobs: published }, version, { manifestHash })).close();
  });

  test("only uploads where it shall not promote", async () => {
    const { deployer, register, published, versions, done } = publishingWorld();
    const version = await register(1);
    expect((await deployer.deploy(version, { promote: false })).version.status).toBe("candidate");
    expect(await published.list("")).toHaveLength(6);
    expect(await versions.active()).toBeUndefined();
    expect(done).toEqual([]);
  });

  test("[RE7] killed after any write, and run again, it sends what is missing and no more", async () => {
    for (let writes = 0; writes < 6; writes++) {
      const { deps, register, versions, published } = publishingWorld();
      const version = await register(1);
      const killed = createDeployer({ ...deps, published: dying(published, writes) }).deploy(version, {
        semver: "major",
        description: "again",
      });
      await expect(killed).rejects.toThrow("killed");
      expect(await versions.active()).toBeUndefined();
      const again = await createDeployer(deps).deploy(version, { semver: "major", description: "again" });
      expect(again.published!.sent).toHaveLength(6 - writes);
      expect(again.version).toMatchObject({
        status: "active",
        semanticVersion: "1.0.0",
        description: "again",
      });
    }
  });

  test("mends what is damaged where instances read", async () => {
    const { deps, deployer, register, published } = publishingWorld();
    const version = await register(1);
    const { path } = (await deployer.deploy(version)).published!;
    await published.write(`${path}user_tower.onnx`, Uint8Array.from([1]));
    await expect(deployer.verify(version)).rejects.toMatchObject({ code: "bundle_corrupt" });
    expect((await deployer.deploy(version)).published!.sent).toEqual(["user_tower.onnx"]);
    await deployer.verify(version);
    // From a machine that has no bundles of its own.
    const elsewhere = createDeployer({ ...deps, blobs: createMemoryBlobStore() });
    expect((await elsewhere.deploy(version)).published!.sent).toEqual([]);
  });

  test("a bundle that another database registered gets its row; another of the same name is refused", async () => {
    const { deployer, register, deps } = publishingWorld();
    const version = await register(1);
    const production = createMemoryVersionStore();
    const { version: row } = await createDeployer({ ...deps, versions: production }).deploy(version);
    expect(row).toMatchObject({ version, status: "active", semanticVersion: "1.0.0" });
    const elsewhere = publishingWorld();
    await elsewhere.register(2);
    const other = createDeployer({ ...deps, blobs: elsewhere.blobs }).deploy(version);
    await expect(other).rejects.toMatchObject({ code: "bundle_corrupt" });
    await expect(deployer.deploy("2026.11.20-9")).rejects.toMatchObject({ code: "not_found" });
  });

  test("[RE9] nothing goes active that a runtime it will run on answers differently", async () => {
    const portable = createPortableRuntime();
    const other: Runtime = {
      name: "other",
      load: async (model, options) => {
        const session = await portable.load(model, options);
        return {
          ...session,
          close: () => session.close(),
          run: async (inputs, outputs) => {
            const given = await session.run(inputs, outputs);
            for (const { data } of Object.values(given)) data[0]! += 0.01;
            return given;
          },
        };
      },
    };
    const { deployer, register, versions } = publishingWorld({ gates: [other] });
    await expect(deployer.deploy(await register(1))).rejects.toMatchObject({ code: "parity_failed" });
    expect(await versions.active()).toBeUndefined();
  });
});

describe("rollBack()", () => {
  test("[RE10] switches at once where the version can answer, and embeds what is missing afterwards", async () => {
    const { deps, register, vectors, done } = publishingWorld();
    const isPrepared: DeployerDeps["isPrepared"] = ({ version, towers }) =>
      hasItemVectors(vectors, { version, dims: towers.dims });
    const deployer = createDeployer({ ...deps, isPrepared });
    const first = await register(1);
    const second = await register(2);
    await deployer.deploy(first);
    await deployer.deploy(second);
    done.length = 0;
    expect(await deployer.rollBack()).toMatchObject({ version: first, status: "active" });
    expect(done).toEqual([`switch ${first}`, `embed ${first}`]);
    done.length = 0;
    await vectors.dropPartition(second);
    await deployer.rollBack();
    expect(done).toEqual([`embed ${second}`, `switch ${second}`]);
  });
});

test("what fails after a switch is told, and leaves the switch", async () => {
  const told: string[] = [];
  const { deps, register, versions } = publishingWorld();
  let embeds = true;
  const deployer = createDeployer({
    ...deps,
    isPrepared: async () => true,
    prepare: async (model) => {
      if (!embeds) throw new FutagoError("cancelled", "stopped");
      await deps.prepare?.(model);
    },
    onUnfinished: ({ code }) => told.push(code),
  });
  const first = await register(1);
  await deployer.deploy(first);
  await deployer.deploy(await register(2));
  embeds = false;
  expect(await deployer.rollBack()).toMatchObject({ version: first, status: "active" });
  expect(told).toEqual(["cancelled"]);
  // Before a switch it is a failure.
  await expect(deployer.promote(first)).rejects.toMatchObject({ code: "cancelled" });
  embeds = true;
  const remove = async () => {
    throw new FutagoError("database_busy", "in use");
  };
  const busy = createDeployer({
    ...deps,
    versions: { ...versions, remove },
    maxVersions: 2,
    graceMs: 0,
    onUnfinished: ({ code }) => told.push(code),
  });
  const third = await register(3);
  expect((await busy.deploy(third)).version.status).toBe("active");
  expect(told).toEqual(["cancelled", "database_busy"]);
});

describe("prune()", () => {
  test("[RE11] keeps what an instance may be answering from: the active and the previous version, and for a while those before", async () => {
    const { deps, register, versions, published, blobs, clock } = publishingWorld();
    const deployer = createDeployer({ ...deps, maxVersions: 2, graceMs: 60_000 });
    const names: string[] = [];
    for (let seed = 1; seed <= 4; seed++) {
      names.push(await register(seed));
      clock.time += 1000;
      await deployer.deploy(names.at(-1)!);
    }
    // The first was active until three seconds ago, the second until one second ago.
    expect((await versions.list()).map((row) => row.version)).toEqual(names.toReversed());
    clock.time += 58_500;
    expect(await deployer.prune()).toEqual([names[0]]);
    clock.time += 60_000;
    expect(await deployer.prune()).toEqual([names[1]]);
    const left = names.slice(2);
    for (const place of [published, blobs]) {
      expect([...new Set((await place.list("")).map((path) => path.split("/")[1]))].sort()).toEqual(left);
    }
  });

  test("that a storage stops leaves nothing behind once it goes again", async () => {
    const { deps, register, published, clock } = publishingWorld();
    let stopped = true;
    const remove = async (prefix: string): Promise<void> => {
      if (stopped) throw new FutagoError("storage_failed", "down");
      await published.remove(prefix);
    };
    const stores = { ...deps, published: { ...published, remove } };
    const deployer = createDeployer({ ...stores, maxVersions: 2, graceMs: 0 });
    const first = await register(1);
    for (const version of [first, await register(2), await register(3)]) {
      clock.time += 1000;
      await deployer.deploy(version);
    }
    expect(await published.list(`models/${first}/`)).toHaveLength(6);
    stopped = false;
    clock.time += 3 * 86_400_000;
    await deployer.prune();
    expect(await published.list(`models/${first}/`)).toEqual([]);
  });

  test("leaves alone what another database keeps in the same bucket under the same name", async () => {
    const { deps, register, published, clock } = publishingWorld();
    const deployer = createDeployer({ ...deps, maxVersions: 2, graceMs: 0 });
    const first = await register(1);
    await deployer.deploy(first);
    await published.write(`models/${first}/0123456789abcdef/manifest.json`, new Uint8Array(1));
    for (const seed of [2, 3]) {
      clock.time += 1000;
      await deployer.deploy(await register(seed));
    }
    expect(await published.list(`models/${first}/`)).toEqual([
      `models/${first}/0123456789abcdef/manifest.json`,
    ]);
  });
});

describe("semantic versions", () => {
  test("the first is 1.0.0, a retrained one the next minor, one of other inputs or width the next major", async () => {
    const { deployer, register, versions, blobs } = publishingWorld();
    const first = await register(1);
    const second = await register(2);
    const names = async () => (await versions.list()).map((row) => row.semanticVersion).sort();
    expect(await names()).toEqual(["1.0.0", "1.1.0"]);
    const { manifest } = await readManifest(blobs, second);
    const known = await versions.list();
    expect(await defaultSemanticVersion(manifest, known, [blobs])).toBe("1.2.0");
    expect(await defaultSemanticVersion({ ...manifest, dims: 32 }, known, [])).toBe("2.0.0");
    expect(await defaultSemanticVersion({ ...manifest, featureSchemaHash: "0" }, known, [blobs])).toBe(
      "2.0.0",
    );
    await deployer.deploy(second, { semver: "patch", promote: false });
    expect(await names()).toEqual(["1.0.0", "1.0.1"]);
    await expect(deployer.deploy(second, { semver: "1.0.0" })).rejects.toThrow(RangeError);
    await expect(deployer.deploy(second, { semver: "next" })).rejects.toThrow(RangeError);
    expect((await versions.get(first))?.semanticVersion).toBe("1.0.0");
  });

  test("of versions that are registered at the same moment each has its own", async () => {
    const { deps, versions } = publishingWorld();
    const elsewhere = createMemoryBlobStore();
    const models = [1, 2, 3].map((seed) => tinyModel(seed));
    for (const [i, { model, dataset }] of models.entries()) {
      const clock = { now: () => deps.clock.now() + i * 86_400_000 };
      await createDeployer({
        ...deps,
        blobs: elsewhere,
        versions: createMemoryVersionStore(),
        clock,
      }).register(model, { dataset });
    }
    const names = ["2026.11.20-1", "2026.11.21-1", "2026.11.22-1"];
    const deployer = createDeployer({ ...deps, blobs: elsewhere });
    await Promise.all(names.map((name) => deployer.deploy(name, { promote: false })));
    expect((await versions.list()).map((row) => row.semanticVersion).sort()).toEqual([
      "1.0.0",
      "1.1.0",
      "1.2.0",
    ]);
  });

  test("numbers are compared as numbers", () => {
    expect(nextSemanticVersion(["1.9.0", "1.10.0", "none"], "minor")).toBe("1.11.0");
    expect(nextSemanticVersion(["9.0.0", "10.2.1"], "major")).toBe("11.0.0");
    expect(nextSemanticVersion(["9.0.0", "10.2.1"], "patch")).toBe("10.2.2");
  });
});
