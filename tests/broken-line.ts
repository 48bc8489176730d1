import { connect, createServer, type Socket } from "node:net";

/** A line to a server that a test can break in the ways that lines break. */
export interface BrokenLine {
  /** The server's URL, by way of this line. */
  readonly url: string;
  /** As it should be; connections that were frozen stay so. */
  mend(): Promise<void>;
  /** Every connection ends, and no new one is taken. */
  cut(): Promise<void>;
  /** Connections stay, are taken too, and no byte passes any more: what a lost route or a stopped machine looks like. */
  freeze(): Promise<void>;
  /** Connections stay, and no new one is taken. */
  refuse(): Promise<void>;
  /** Every packet of an answer comes so much later. */
  slow(milliseconds: number): Promise<void>;
  /** How many connections there are now. */
  connections(): number;
  close(): Promise<void>;
}

/**
 * A TCP proxy before a server.
 *
 * @param url Of the server.
 * @returns The line, working.
 */
export async function breakableLine(url: string): Promise<BrokenLine> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let clients = 0;
  let frozen = false;
  let delay = 0;
  const server = createServer((client) => {
    sockets.add(client);
    clients++;
    client
      .on("error", () => {})
      .on("close", () => {
        sockets.delete(client);
        clients--;
      });
    if (frozen) return;
    // What was lost is never sent again: a connection that was frozen stays dead when the line is mended.
    let lost = false;
    const passes = (): boolean => {
      lost ||= frozen;
      return !lost;
    };
    const upstream = connect(Number(target.port || 5432), target.hostname);
    sockets.add(upstream);
    upstream
      .on("error", () => client.destroy())
      .on("close", () => {
        sockets.delete(upstream);
        client.destroy();
      });
    client.on("close", () => upstream.destroy());
    client.on("data", (bytes) => {
      if (passes()) upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (!passes()) return;
      if (delay === 0) client.write(bytes);
      else setTimeout(() => client.write(bytes), delay);
    });
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject).listen(port, "127.0.0.1", () => resolve());
    });
  await listen(0);
  const { port } = server.address() as { port: number };
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      if (server.listening) server.close(() => resolve());
      else resolve();
      endAll();
    });
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String(port);
  return {
    url: through.href,
    mend: async () => {
      frozen = false;
      delay = 0;
      if (!server.listening) await listen(port);
    },
    cut: stop,
    freeze: async () => {
      frozen = true;
    },
    refuse: async () => {
      // Resolves once the last connection has ended: not awaited.
      server.close();
    },
    slow: async (milliseconds) => {
      delay = milliseconds;
    },
    connections: () => clients,
    close: stop,
  };
}
