import { expect, test } from "vitest";
import { tinyWorld } from "../../../tests/tiny-world.ts";
import { loadModel } from "../../registry/mod.ts";
import type { JobContext } from "../worker.ts";
import { createEvaluate } from "./evaluate.ts";

test("the importance of features is measured where the payload asks for it, and kept with the active version", async () => {
  const { store, versions, runtime, blobs, deploy } = tinyWorld();
  const version = await deploy(1);
  const open = (row: { readonly version: string }) => loadModel({ runtime, blobs }, row.version);
  const { run } = createEvaluate({ store, versions, runtime, open });
  const job = (payload: object): JobContext =>
    ({ job: { payload }, signal: new AbortController().signal }) as unknown as JobContext;
  expect(await run(job({}))).toMatchObject({ modelVersion: version, counts: { viewers: 11 } });
  expect(await versions.importance(version)).toEqual([]);
  await run(job({ importance: true }));
  const measured = await versions.importance(version);
  const names = measured.map(({ side, feature }) => `${side}.${feature}`);
  expect(names).toEqual(expect.arrayContaining(["user.history", "user.makerShare", "item.id", "item.price"]));
  expect(measured.map(({ mean }) => mean)).toEqual(
    measured.map(({ mean }) => mean).toSorted((a, b) => b - a),
  );
});
