import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom, isFutagoError } from "../../base/mod.ts";
import { createDmmClient } from "./dmm-client.ts";

const floor = { site: "FANZA", service: "digital", floor: "videoa" } as const;

test("[CS17] whatever the API answers, the client gives rows or an error of its own", async () => {
  const result = fc.oneof(
    fc.jsonValue(),
    fc.record({
      status: fc.constantFrom<unknown>(200, "200", 400, 500, null),
      total_count: fc.oneof(fc.nat(), fc.jsonValue()),
      items: fc.jsonValue(),
      errors: fc.jsonValue(),
      site: fc.jsonValue(),
    }),
  );
  const body = fc.oneof(fc.string(), fc.jsonValue(), fc.record({ result }));
  await fc.assert(
    fc.asyncProperty(body, fc.constantFrom(200, 400, 404, 500), async (answer, status) => {
      const client = createDmmClient({
        credentials: { apiId: "never-seen", affiliateId: "never-990" },
        fetch: async () =>
          new Response(typeof answer === "string" ? answer : JSON.stringify(answer), { status }),
        clock: { now: () => 0 },
        random: createRandom(1),
        sleep: async () => {},
      });
      for (const work of [() => client.floors(), () => client.items({ floor })]) {
        const outcome: unknown = await work().catch((error: unknown) => error);
        expect(!(outcome instanceof Error) || isFutagoError(outcome)).toBe(true);
      }
    }),
    { numRuns: 500, seed: 4 },
  );
});
