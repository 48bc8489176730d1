import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { EdgeConnection, EdgeSockets } from "./edge-sockets.ts";

/** Node's sockets as the edge's runtime has them: for tests, as there is no such runtime around them. */
export const platformSockets: EdgeSockets = {
  connect: async ({ hostname, port }) => wrap(await established(connect(port, hostname), "connect")),
  startTls: async (socket, { hostname, caCerts }) => {
    const { raw } = socket as NodeConnection;
    raw.removeAllListeners("data");
    const secured = connectTls({ socket: raw, servername: hostname, ca: caCerts });
    return wrap(await established(secured, "secureConnect"));
  },
};

interface NodeConnection extends EdgeConnection {
  readonly raw: Socket;
}

async function established<S extends Socket>(socket: S, event: "connect" | "secureConnect"): Promise<S> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.once("error", reject);
  });
  return socket;
}

function wrap(raw: Socket): NodeConnection {
  const chunks: Uint8Array[] = [];
  let ended = false;
  let wake = (): void => {};
  raw.on("data", (bytes: Uint8Array) => {
    chunks.push(bytes);
    wake();
  });
  for (const event of ["end", "close", "error"] as const) {
    raw.on(event, () => {
      ended = true;
      wake();
    });
  }
  return {
    raw,
    read: async (into) => {
      while (chunks.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const bytes = chunks.shift();
      if (bytes === undefined) return null;
      const part = bytes.subarray(0, into.length);
      if (part.length < bytes.length) chunks.unshift(bytes.subarray(part.length));
      into.set(part);
      return part.length;
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        raw.write(bytes, (error) => (error ? reject(error) : resolve(bytes.length)));
      }),
    close: () => raw.destroy(),
  };
}
