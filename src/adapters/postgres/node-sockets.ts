import { connect, type Socket } from "node:net";
import { type PoolSockets, type PoolTarget, poolEnded } from "./postgres-pool.ts";

/** Node's sockets for a pool. */
export function nodeSockets(): PoolSockets {
  const sockets = new Set<Socket>();
  let refused = false;
  return {
    open: ({ host, port, path }: PoolTarget): Socket => {
      if (refused) throw poolEnded();
      const [to, at] = [host[0] ?? "localhost", port[0] ?? 5432];
      const socket = connect(path ? { path } : { host: to, port: at });
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      // The name is checked against the certificate.
      return Object.assign(socket, { host: to, port: at });
    },
    refuse: () => {
      refused = true;
    },
    destroy: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
