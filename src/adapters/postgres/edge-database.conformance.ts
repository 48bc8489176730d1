import { vi } from "vitest";
import { assembleDatabase, type Database } from "./database.ts";
import { platformSockets } from "./edge-sockets.conformance.ts";
import type { EdgeDatabaseOptions } from "./open-edge.ts";

/**
 * `openEdge` as the bundle holds it, with the build of postgres.js that loads nothing of Node's sockets; over Node's sockets
 * where no others are given.
 */
export async function openEdgeOnNode() {
  const build = new URL("../../../node_modules/postgres/cf/src/index.js", import.meta.url).href;
  vi.doMock("postgres", () => import(/* @vite-ignore */ build));
  vi.resetModules();
  const { openEdge } = await import("./open-edge.ts");
  vi.doUnmock("postgres");
  return (url: string, options: Omit<EdgeDatabaseOptions, "sockets">) =>
    openEdge(url, { sockets: platformSockets, ...options });
}

/** A migrated database as edge functions open it. */
export async function openEdgeDatabase(url: string): Promise<Database> {
  const open = await openEdgeOnNode();
  const opened = open(url, { maxConnections: 2, bounds: { timeoutMs: 10_000 } });
  return assembleDatabase(opened, { migrate: false, indexFromRows: 1 });
}
