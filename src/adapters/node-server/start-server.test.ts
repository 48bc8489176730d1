import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Service } from "../../service/mod.ts";
import { createPinoLog } from "./pino-log.ts";
import { createPrometheusMetrics } from "./prometheus-metrics.ts";
import { type RunningServer, type ServerOptions, startServer } from "./start-server.ts";

const local = { port: 0, host: "127.0.0.1", keyed: false };
const open: RunningServer[] = [];

async function started(service: Service, options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer(service, { ...local, ...options });
  open.push(server);
  return server;
}

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

describe("startServer", () => {
  test("hands requests to the service", async () => {
    const { url } = await started({ fetch: async (request) => new Response(await request.text()) });
    const answer = await fetch(url, { method: "POST", body: "こんにちは" });
    expect(await answer.text()).toBe("こんにちは");
  });

  test("says where a request comes from, whatever its headers say", async () => {
    const { url } = await started({
      fetch: async (_, origin) => new Response(origin?.clientAddress),
    });
    const answer = await fetch(url, {
      headers: { "x-forwarded-for": "192.0.2.1", forwarded: "for=192.0.2.1" },
    });
    expect(await answer.text()).toBe("127.0.0.1");
  });

  test("believes the one header that a proxy is said to write, and of a list its last", async () => {
    const service: Service = { fetch: async (_, origin) => new Response(origin?.clientAddress) };
    const { url } = await started(service, { clientAddressHeader: "x-forwarded-for" });
    const from = async (headers: Record<string, string>) => (await fetch(url, { headers })).text();
    expect(await from({ "x-forwarded-for": "192.0.2.1, 192.0.2.2" })).toBe("192.0.2.2");
    expect(await from({ "x-real-ip": "192.0.2.1" })).toBe("127.0.0.1");
  });

  test.each(["0.0.0.0", "::", "192.0.2.1"])("refuses to listen on %s without an API key", async (host) => {
    const service = { fetch: async () => new Response() };
    await expect(startServer(service, { ...local, host })).rejects.toThrow(/without an API key/);
  });

  test("says that a port is taken", async () => {
    const service = { fetch: async () => new Response() };
    const { url } = await started(service);
    const port = Number(new URL(url).port);
    await expect(startServer(service, { ...local, port })).rejects.toMatchObject({ code: "address_in_use" });
  });

  test("takes over a socket that listens already, and none that asks nobody who they are", async () => {
    const nothing = { fetch: async () => new Response() };
    await expect(startServer(nothing, { ...local, descriptor: 3 })).rejects.toThrow(RangeError);
    const socket = createServer().listen(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address() as AddressInfo;
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
    const script = `import { startServer } from ${JSON.stringify(new URL("start-server.ts", import.meta.url).href)};
      const service = { fetch: async () => new Response("taken over") };
      await startServer(service, { port: 0, host: "", keyed: true, descriptor: 3 });
      console.log("listening");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit", fd],
    });
    try {
      await once(child.stdout!, "data");
      socket.close();
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("taken over");
    } finally {
      child.kill();
    }
  });

  test("close() lets an answer that is under way arrive", async () => {
    let answer = (): void => {};
    const asked = Promise.withResolvers<void>();
    const service: Service = {
      fetch: () =>
        new Promise((resolve) => {
          answer = () => resolve(new Response("late"));
          asked.resolve();
        }),
    };
    const server = await startServer(service, local);
    const pending = fetch(server.url);
    await asked.promise;
    const closed = server.close();
    answer();
    expect(await (await pending).text()).toBe("late");
    await closed;
    await expect(fetch(server.url)).rejects.toThrow();
  });

  test("survives bytes that are no HTTP", async () => {
    const { url } = await started({ fetch: async () => new Response("here") });
    const { hostname, port } = new URL(url);
    const garbage = [
      "\u0000\u0001\u0002",
      "GET / HTTP/9.9\r\n\r\n",
      `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`,
      "POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    ];
    for (const bytes of garbage) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), hostname, () => socket.write(bytes));
        socket.on("data", () => {});
        socket.on("error", () => {});
        socket.on("close", () => resolve());
      });
    }
    expect(await (await fetch(url)).text()).toBe("here");
  });
});

test("createPrometheusMetrics() exposes requests, answers and refusals", async () => {
  const metrics = createPrometheusMetrics();
  const request = { requestId: "r", method: "POST", milliseconds: 7 };
  metrics.observe({
    ...request,
    route: "two_tower_recommendations",
    status: 200,
    source: "two_tower",
    modelVersion: null,
  });
  metrics.observe({ ...request, route: "events", status: 400, code: "invalid_request" });
  const { contentType, text } = await metrics.expose();
  expect(contentType).toMatch(/^text\/plain/);
  expect(text).toContain(
    'futago_request_seconds_bucket{le="0.01",route="two_tower_recommendations",status="200"} 1',
  );
  expect(text).toContain('futago_answers_total{source="two_tower",model_version="none"} 1');
  expect(text).toContain('futago_problems_total{code="invalid_request"} 1');
  expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
});

test("createPinoLog() writes one JSON object for each request", () => {
  const lines: string[] = [];
  const log = createPinoLog({ destination: { write: (line) => void lines.push(line) } });
  log.request({ requestId: "r", method: "GET", route: "/health/live", status: 200, milliseconds: 1 });
  log.fallback({ version: "2026.11.20-1", code: "bundle_missing", message: "Cannot open" });
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 30, requestId: "r", route: "/health/live", status: 200 },
    { level: 40, version: "2026.11.20-1", code: "bundle_missing" },
  ]);
});
