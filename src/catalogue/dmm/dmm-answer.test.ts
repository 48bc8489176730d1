import { expect, test } from "vitest";
import { readDmmAnswer } from "./dmm-answer.ts";

const body = (result: unknown): string =>
  JSON.stringify({ request: { parameters: { api_id: "never-seen" } }, result });

test.each([
  [200, body({ status: 200, items: [] }), "ok"],
  [200, body({ status: "200", total_count: "0" }), "ok"],
  [200, body({ site: [] }), "ok"],
  [200, body({ status: 500, message: "api_id=never-seen" }), "failed"],
  [200, body({ status: "429" }), "failed"],
  [200, "{", "failed"],
  [200, "[]", "failed"],
  [200, body("text"), "failed"],
  [500, "<h1>never-seen</h1>", "failed"],
  [503, "", "failed"],
  [429, body({ status: 429 }), "failed"],
  [
    400,
    body({ status: 400, message: "BAD REQUEST", errors: { api_id: "Invalid Request Error" } }),
    "refused",
  ],
  [200, body({ status: 400, errors: { api_id: "Invalid Request Error" } }), "refused"],
  [400, body({ status: "400", errors: [{ message: "api_id: Invalid Request Error" }] }), "refused"],
  [400, body({ status: 400, message: "BAD REQUEST" }), "refused"],
  [400, body({ status: 400, errors: [] }), "refused"],
  [400, "BAD REQUEST", "refused"],
  [403, "", "refused"],
  [401, "", "refused"],
  [400, body({ status: 400, errors: { offset: "never-seen" } }), "rejected"],
  [200, body({ status: 400, errors: [{ message: "gte_date is invalid" }] }), "rejected"],
  [404, "not found", "rejected"],
])("[CS5] status %i with %s means %s", (status, text, kind) => {
  const answer = readDmmAnswer(status, text);
  expect(answer.kind).toBe(kind);
  // Whatever the API repeats, what is told of a failure holds none of it.
  expect(JSON.stringify(answer)).not.toContain("never-seen");
});

test("a rejection names the parameters that the API complains of, and nothing else that it says", () => {
  expect(readDmmAnswer(400, body({ errors: { offset: "too far", secret: "x" } }))).toEqual({
    kind: "rejected",
    status: 400,
    parameters: ["offset"],
  });
  expect(readDmmAnswer(400, body({ errors: [{ message: "gte_date is wrong" }] }))).toMatchObject({
    parameters: ["gte_date"],
  });
});
