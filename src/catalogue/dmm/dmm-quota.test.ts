import { describe, expect, test } from "vitest";
import { resolveDmmLimits } from "./dmm-limits.ts";
import { createDmmQuota, createMemoryDmmQuotaStore } from "./dmm-quota.ts";

const jst = (text: string): number => Date.parse(`${text}+09:00`);

function quotaAt(text: string, limits = {}, store = createMemoryDmmQuotaStore()) {
  const time = { now: jst(text) };
  const clock = { now: () => time.now };
  return { time, store, quota: createDmmQuota({ clock, limits: resolveDmmLimits(limits), store }) };
}

const retryAt = async (work: Promise<unknown>): Promise<string> => {
  const error = (await work.catch((caught: unknown) => caught)) as {
    code: string;
    details: { retryAt: number };
  };
  expect(error.code).toBe("source_exhausted");
  return new Date(error.details.retryAt + 9 * 3_600_000).toISOString().slice(0, 16);
};

describe("the quota of a key", () => {
  test("[CS6] the day's budget ends at midnight in Japan, also for a process that was started again", async () => {
    const { time, quota, store } = quotaAt("2026-11-20T23:50:00", { dailyRequests: 2 });
    await quota.take();
    await quota.take();
    expect(await retryAt(quota.take())).toBe("2026-11-21T00:00");
    const again = quotaAt("2026-11-20T23:59:59", { dailyRequests: 2 }, store);
    expect(await retryAt(again.quota.take())).toBe("2026-11-21T00:00");
    time.now = jst("2026-11-21T00:00:00");
    await quota.take();
    await store.update((state) => {
      expect(state).toMatchObject({ day: "2026-11-21", used: 1 });
      return state!;
    });
  });

  test("a clock that is set back does not open the budget again", async () => {
    const { time, quota } = quotaAt("2026-11-20T12:00:00", { dailyRequests: 1 });
    await quota.take();
    time.now = jst("2026-11-19T12:00:00");
    await expect(quota.take()).rejects.toMatchObject({ code: "source_exhausted" });
  });

  test("what a clock that was years ahead has written locks nothing", async () => {
    const { time, quota } = quotaAt("2046-11-20T12:00:00", { dailyRequests: 1 });
    await quota.take();
    await quota.refused();
    time.now = jst("2026-11-20T12:00:00");
    await quota.take();
    await expect(quota.take()).rejects.toMatchObject({ details: { reason: "budget" } });
  });

  test("[CS7] after a refusal it pauses for minutes, after the next until 00:05 in Japan, and forgets with an answer", async () => {
    const { time, quota, store } = quotaAt("2026-11-20T14:00:00");
    await quota.take();
    expect(await retryAt(Promise.reject(await quota.refused()))).toBe("2026-11-20T14:05");
    expect(await retryAt(quota.take())).toBe("2026-11-20T14:05");
    const again = quotaAt("2026-11-20T14:01:00", {}, store);
    expect(await retryAt(again.quota.take())).toBe("2026-11-20T14:05");
    time.now = jst("2026-11-20T14:05:00");
    await quota.take();
    expect(await retryAt(Promise.reject(await quota.refused()))).toBe("2026-11-21T00:05");
    time.now = jst("2026-11-21T00:04:59");
    expect(await retryAt(quota.take())).toBe("2026-11-21T00:05");
    time.now = jst("2026-11-21T00:05:00");
    await quota.take();
    await quota.answered();
    expect(await retryAt(Promise.reject(await quota.refused()))).toBe("2026-11-21T00:10");
  });
});
