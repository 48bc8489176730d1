import { expect, test } from "vitest";
import type { DmmQuotaState } from "../../catalogue/mod.ts";
import { describeDatabases } from "./databases.conformance.ts";
import { createQuotaStore } from "./quota-store.ts";

const state = (used: number): DmmQuotaState => ({ day: "2026-11-20", used, refusals: 0, pausedUntil: 0 });

describeDatabases("the quota of a source", (open) => {
  test("[CS15] is one for all that ask with the same key: no request is forgotten", async () => {
    const { connection } = await open();
    const stores = [createQuotaStore(connection, "dmm"), createQuotaStore(connection, "dmm")];
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => stores[n % 2]!.update((kept) => state((kept?.used ?? 0) + 1))),
    );
    let seen: DmmQuotaState | undefined;
    await stores[0]!.update((kept) => {
      seen = kept;
      return kept!;
    });
    expect(seen).toEqual(state(20));
  });

  test("stays as it was where a change throws, and is each source's own", async () => {
    const { connection } = await open();
    const store = createQuotaStore(connection, "dmm");
    await store.update(() => state(3));
    await expect(
      store.update(() => {
        throw new RangeError("no");
      }),
    ).rejects.toThrow(RangeError);
    const seen: unknown[] = [];
    for (const source of ["dmm", "other"]) {
      await createQuotaStore(connection, source).update((kept) => {
        seen.push(kept);
        return kept ?? state(0);
      });
    }
    expect(seen).toEqual([state(3), undefined]);
  });
});
