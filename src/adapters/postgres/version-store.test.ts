import { expect, test } from "vitest";
import { testVersionStore } from "../../registry/version-store.conformance.ts";
import { describeDatabases } from "./databases.conformance.ts";

describeDatabases("versions", (open) => {
  testVersionStore(async () => (await open()).versions);

  test("removing a version drops its vectors with it", async () => {
    const { versions, vectors } = await open();
    const row = { dims: 2, preset: "lite", manifestHash: "", metrics: {}, parent: null, description: "" };
    await versions.add({ ...row, version: "v1", createdAt: 0 });
    await vectors.createPartition("v1", 2);
    await versions.remove("v1");
    await expect(vectors.itemHashes("v1")).rejects.toMatchObject({ code: "not_found" });
  });
});
