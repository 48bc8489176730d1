import { expect, test, vi } from "vitest";
import type { Service } from "../../service/mod.ts";
import { createEdgeHandler } from "./edge-handler.ts";

/** A service that answers with the path, method and body it saw. */
const echo: Service = {
  fetch: async (request) =>
    Response.json({
      path: new URL(request.url).pathname,
      method: request.method,
      key: request.headers.get("apikey"),
      body: await request.text(),
    }),
};

function post(path: string, body = "{}"): Request {
  return new Request(`https://project.example${path}`, { method: "POST", body, headers: { apikey: "k" } });
}

test("[ED5] answers under its public path and under the one that the platform leaves of it", async () => {
  const { fetch } = createEdgeHandler({ name: "events", open: () => echo });
  for (const path of ["/functions/v1/events", "/events"]) {
    expect(await (await fetch(post(path, "[1]"))).json()).toEqual({
      path: "/functions/v1/events",
      method: "POST",
      key: "k",
      body: "[1]",
    });
  }
});

test("[ED6] answers no other route, and opens nothing for one", async () => {
  const open = vi.fn(() => echo);
  const { fetch } = createEdgeHandler({ name: "events", open });
  for (const path of [
    "/",
    "/takedown",
    "/functions/v1/takedown",
    "/events/",
    "/events/takedown",
    "/functions/v1/events/x",
  ]) {
    const response = await fetch(post(path));
    expect(response.status, path).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "not_found", issues: [] } });
  }
  expect(open).not.toHaveBeenCalled();
});

test("opens the service at the first request, once for all who ask", async () => {
  const open = vi.fn(async () => echo);
  const { fetch } = createEdgeHandler({ name: "events", open });
  expect(open).not.toHaveBeenCalled();
  await Promise.all([fetch(post("/events")), fetch(post("/events"))]);
  await fetch(post("/events"));
  expect(open).toHaveBeenCalledTimes(1);
});

test("hands on the client's address as the platform wrote it, and believes no other header", async () => {
  const seen: unknown[] = [];
  const open = (): Service => ({
    fetch: async (_, origin) => {
      seen.push(origin?.clientAddress);
      return new Response();
    },
  });
  const asked = () => {
    const request = post("/events");
    request.headers.set("x-forwarded-for", "made up, 203.0.113.9");
    return request;
  };
  await createEdgeHandler({ name: "events", open, clientAddressHeader: "x-forwarded-for" }).fetch(asked());
  await createEdgeHandler({ name: "events", open }).fetch(asked());
  expect(seen).toEqual(["203.0.113.9", undefined]);
});

test("where the service cannot be opened it says so, without saying why to strangers, and tries again", async () => {
  const failures: unknown[] = [];
  let broken = true;
  const { fetch } = createEdgeHandler({
    name: "events",
    open: () => {
      if (broken) throw new TypeError("Cannot start the function as SUPABASE_DB_URL must be set");
      return echo;
    },
    onFailure: (error) => failures.push(error),
  });
  const response = await fetch(post("/events"));
  expect(response.status).toBe(500);
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ error: { code: "internal" }, request_id: expect.any(String) });
  expect(text).not.toContain("SUPABASE");
  expect(failures).toHaveLength(1);
  broken = false;
  expect((await fetch(post("/events"))).status).toBe(200);
});
