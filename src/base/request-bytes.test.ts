import { expect, test } from "vitest";
import { type Fetch, requestBytes } from "./request-bytes.ts";

const url = "https://storage.example/a?token=secret";

/** Answers in turn; what is no answer is a broken connection. */
function server(...answers: readonly (Response | undefined)[]) {
  const waits: number[] = [];
  let asked = 0;
  const fetch: Fetch = async () => {
    const answer = answers[asked++];
    if (answer === undefined) throw new TypeError("fetch failed");
    return answer;
  };
  const ask = (random: number) =>
    requestBytes(fetch, { url }, { random: () => random, wait: async (ms) => void waits.push(ms) });
  return { ask, waits, asked: () => asked };
}

test("what the server or the network fails at is asked again, after a time that doubles and is drawn by lot", async () => {
  const failing = () =>
    server(
      new Response("", { status: 503 }),
      undefined,
      new Response("", { status: 500 }),
      new Response("ok"),
    );
  const { ask, waits } = failing();
  expect(new TextDecoder().decode((await ask(1)).bytes)).toBe("ok");
  expect(waits).toEqual([250, 500, 1000]);
  const other = failing();
  await other.ask(0.5);
  expect(other.waits).toEqual([125, 250, 500]);
});

test("an answer of 4xx is an answer, and so is the last of 5xx", async () => {
  const refusing = server(new Response("no", { status: 404 }));
  expect((await refusing.ask(1)).status).toBe(404);
  expect(refusing.asked()).toBe(1);
  const broken = server(...Array.from({ length: 4 }, () => new Response("", { status: 500 })));
  expect((await broken.ask(1)).status).toBe(500);
  expect(broken.asked()).toBe(4);
});

test("a body that is shorter than was told is a broken connection", async () => {
  const headers = { "content-length": "10" };
  const { ask } = server(new Response("half", { headers }), new Response("0123456789", { headers }));
  expect((await ask(1)).bytes).toHaveLength(10);
});

test("who is never answered is told so, without the address", async () => {
  const { ask } = server(undefined, undefined, undefined, undefined);
  const error = await ask(1).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "storage_failed", details: { reason: "network" } });
  expect(String(error)).not.toContain("secret");
});
