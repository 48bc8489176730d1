import { expect, test } from "vitest";
import type { Clock } from "../../base/mod.ts";
import type { AlertStore } from "./alert-store.ts";

/**
 * What every {@link AlertStore} must do, as tests.
 *
 * @param makeStore Called once in each test; gives an empty store that goes by the clock.
 */
export function testAlertStore(makeStore: (clock: Clock) => Promise<AlertStore>): void {
  test("[AL1] what breaks is told once, stays told while it is broken or unknown, and is told when it works again", async () => {
    const clock = { time: Date.UTC(2026, 10, 20), now: () => clock.time };
    const store = await makeStore(clock);
    const broken = [{ name: "job_failed retrain", text: "a" }];
    const told = { name: "job_failed retrain", text: "a", broken: true, at: clock.time };
    await store.reconcile("slack", { broken, unknown: [] });
    expect(await store.claim("other", 1000)).toEqual([]);
    const claimed = await Promise.all([store.claim("slack", 1000), store.claim("slack", 1000)]);
    expect(claimed.flat()).toEqual([told]);
    // It did not arrive.
    clock.time += 1000;
    await store.reconcile("slack", { broken: [{ ...broken[0]!, text: "b" }], unknown: [] });
    expect(await store.claim("slack", 1000)).toEqual([told]);
    await store.told("slack", told);
    clock.time += 1000;
    await store.reconcile("slack", { broken: [], unknown: ["job_failed retrain"] });
    expect(await store.claim("slack", 1000)).toEqual([]);
    await store.reconcile("slack", { broken: [], unknown: [] });
    const recovered = { ...told, broken: false, at: clock.time };
    expect(await store.claim("slack", 1000)).toEqual([recovered]);
    await store.told("slack", recovered);
    expect(await store.claim("slack", 1000)).toEqual([]);
    await store.reconcile("slack", { broken, unknown: [] });
    expect(await store.claim("slack", 1000)).toEqual([{ ...told, at: clock.time }]);
  });

  test("what works again before anybody was told is not told", async () => {
    const store = await makeStore({ now: () => 0 });
    await store.reconcile("slack", { broken: [{ name: "latency", text: "" }], unknown: [] });
    await store.reconcile("slack", { broken: [], unknown: [] });
    expect(await store.claim("slack", 1000)).toEqual([]);
  });
}
