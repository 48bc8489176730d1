import { expect, test } from "vitest";
import type { ModelVersion, VersionStore } from "./version-store.ts";

let named = 0;
const created = Date.UTC(2026, 0, 1, 12, 30, 15, 123);

function version(name: string, at = created): Omit<ModelVersion, "status" | "activatedAt"> {
  return {
    version: name,
    semanticVersion: `1.${++named}.0`,
    dims: 64,
    preset: "lite",
    manifestHash: "ab".repeat(32),
    metrics: { "ndcg@10": 0.4123, "coverage@10": 0.5 },
    parent: null,
    description: "天気 'quoted'",
    createdAt: at,
  };
}

/**
 * What every {@link VersionStore} must do, as tests.
 *
 * @param makeStore Called once in each test; gives an empty store.
 */
export function testVersionStore(makeStore: () => Promise<VersionStore>): void {
  test("an empty store knows no version", async () => {
    const store = await makeStore();
    expect(await store.list()).toEqual([]);
    expect(await store.get("a")).toBeUndefined();
    expect(await store.active()).toBeUndefined();
    expect(await store.previous()).toBeUndefined();
    await store.remove("a");
  });

  test("a version comes back whole, as a candidate, and its name is given once", async () => {
    const store = await makeStore();
    const added = { ...version("b"), parent: "a" };
    await store.add(added);
    expect(await store.get("b")).toEqual({ ...added, status: "candidate", activatedAt: null });
    await expect(store.add(version("b"))).rejects.toThrow(RangeError);
    expect(await store.active()).toBeUndefined();
  });

  test("a semantic version belongs to one version, and may be changed with the description", async () => {
    const store = await makeStore();
    await store.add({ ...version("a"), semanticVersion: "1.0.0" });
    await expect(store.add({ ...version("b"), semanticVersion: "1.0.0" })).rejects.toThrow(/"1\.0\.0"/);
    await store.add({ ...version("b"), semanticVersion: "1.1.0" });
    await expect(store.relabel("b", { semanticVersion: "1.0.0" })).rejects.toThrow(RangeError);
    await store.relabel("b", { semanticVersion: "2.0.0" });
    await store.relabel("b", { semanticVersion: "2.0.0", description: "wider" });
    await store.relabel("a", {});
    expect(await store.get("b")).toMatchObject({ semanticVersion: "2.0.0", description: "wider" });
    expect(await store.get("a")).toMatchObject({ semanticVersion: "1.0.0", description: "天気 'quoted'" });
    await expect(store.relabel("missing", {})).rejects.toMatchObject({ code: "not_found" });
  });

  test("versions are listed newest first", async () => {
    const store = await makeStore();
    await store.add(version("b", created + 1000));
    await store.add(version("a", created));
    await store.add(version("c", created + 1000));
    expect((await store.list()).map((row) => row.version)).toEqual(["c", "b", "a"]);
  });

  test("activating makes one version active and retires the one before, and doing it again changes nothing", async () => {
    const store = await makeStore();
    for (const name of ["a", "b", "c"]) await store.add(version(name));
    await store.activate("a");
    const first = await store.active();
    expect(first).toMatchObject({ version: "a", status: "active" });
    expect(first?.activatedAt).toBeTypeOf("number");
    await store.activate("a");
    expect(await store.active()).toEqual(first);
    await store.activate("b");
    expect(await store.get("a")).toMatchObject({ status: "retired", activatedAt: first?.activatedAt });
    expect((await store.list()).filter((row) => row.status === "active")).toHaveLength(1);
    expect((await store.active())!.activatedAt!).toBeGreaterThan(first!.activatedAt!);
    await expect(store.activate("missing")).rejects.toMatchObject({ code: "not_found" });
    expect((await store.active())?.version).toBe("b");
  });

  test("previous is the version that was active last, also after going back to it", async () => {
    const store = await makeStore();
    for (const name of ["a", "b", "c"]) await store.add(version(name));
    for (const [name, previous] of [
      ["a", undefined],
      ["b", "a"],
      ["c", "b"],
      ["b", "c"],
      ["c", "b"],
    ] as const) {
      await store.activate(name);
      expect((await store.previous())?.version).toBe(previous);
    }
    await store.remove("b");
    expect((await store.previous())?.version).toBe("a");
  });

  test("the active version cannot be removed, others can", async () => {
    const store = await makeStore();
    for (const name of ["a", "b"]) await store.add(version(name));
    await store.activate("a");
    await expect(store.remove("a")).rejects.toThrow(RangeError);
    await store.remove("b");
    expect((await store.list()).map((row) => row.version)).toEqual(["a"]);
  });

  test("keeps the importance of features until it is measured anew or the version is removed", async () => {
    const store = await makeStore();
    for (const name of ["a", "b"]) await store.add(version(name));
    const genre = { side: "item", feature: "genre", mean: 0.1, low: 0.05, high: 0.15 } as const;
    const share = { side: "user", feature: "genreShare", mean: 0.2, low: 0.19, high: 0.21 } as const;
    expect(await store.importance("a")).toEqual([]);
    await store.putImportance("a", [genre, share]);
    expect(await store.importance("a")).toEqual([share, genre]);
    expect(await store.importance("b")).toEqual([]);
    // Of both sides a feature may have one name.
    const both = [{ ...genre, side: "user" }, genre] as const;
    await store.putImportance("a", both.toReversed());
    expect(await store.importance("a")).toEqual([genre, both[0]]);
    await store.remove("a");
    expect(await store.importance("a")).toEqual([]);
    await expect(store.putImportance("a", [genre])).rejects.toMatchObject({ code: "not_found" });
  });

  test("of many switches at once exactly one version ends active", async () => {
    const store = await makeStore();
    const names = ["a", "b", "c", "d"];
    for (const name of names) await store.add(version(name));
    await Promise.all(names.map((name) => store.activate(name)));
    expect((await store.list()).filter((row) => row.status === "active")).toHaveLength(1);
    expect((await store.list()).filter((row) => row.status === "retired")).toHaveLength(3);
  });
}
