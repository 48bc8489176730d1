import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between a process and a server, and knows when the process waited for the server. */
export interface Relay {
  readonly port: number;
  /** From a request's first byte to its answer's last so far, in milliseconds since 1970; not overlapping, in order. */
  waits(): readonly (readonly [from: number, to: number])[];
  close(): Promise<void>;
}

/**
 * Starts a relay on a free port.
 *
 * @param to Where the server listens.
 * @returns The relay.
 */
export async function startRelay(to: { readonly host: string; readonly port: number }): Promise<Relay> {
  const intervals: [from: number, to: number][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to);
    let waiting: [from: number, to: number] | undefined;
    let answered = false;
    near.setNoDelay(true);
    far.setNoDelay(true);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    near.on("data", (bytes) => {
      far.write(bytes);
      if (waiting !== undefined && !answered) return;
      waiting = [now(), now()];
      answered = false;
      intervals.push(waiting);
    });
    far.on("data", (bytes) => {
      near.write(bytes);
      answered = true;
      if (waiting !== undefined) waiting[1] = now();
    });
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    waits: () => merged(intervals),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function merged(intervals: readonly (readonly [number, number])[]): [number, number][] {
  const all: [number, number][] = [];
  for (const [from, to] of intervals.toSorted((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else all.push([from, to]);
  }
  return all;
}
