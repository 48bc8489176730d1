import { expect, test } from "vitest";
import { CircuitBreaker } from "./circuit-breaker.ts";

function breaker() {
  const clock = { time: 1_000_000, now: () => clock.time };
  const changes: boolean[] = [];
  const made = new CircuitBreaker({
    clock,
    failures: 2,
    everyMs: 1000,
    onChange: (open) => changes.push(open),
  });
  return { clock, changes, breaker: made };
}

test("opens at so many failures in a row, and a success between them counts anew", () => {
  const { breaker: it, changes } = breaker();
  it.failed();
  it.succeeded();
  it.failed();
  expect(it.enter()).toBe(true);
  it.failed();
  expect(it.open).toBe(true);
  expect(it.enter()).toBe(false);
  it.failed();
  expect(changes).toEqual([true]);
});

test("lets one attempt through in everyMs while it is open, and everybody after the first success", () => {
  const { breaker: it, clock, changes } = breaker();
  it.failed();
  it.failed();
  clock.time += 999;
  expect(it.enter()).toBe(false);
  clock.time += 1;
  expect([it.enter(), it.enter()]).toEqual([true, false]);
  it.failed();
  clock.time += 1000;
  expect(it.enter()).toBe(true);
  it.succeeded();
  expect([it.enter(), it.enter()]).toEqual([true, true]);
  expect(changes).toEqual([true, false]);
});

test("a clock that is set back holds nothing back", () => {
  const { breaker: it, clock } = breaker();
  it.failed();
  it.failed();
  clock.time -= 3_600_000;
  expect(it.enter()).toBe(true);
});
