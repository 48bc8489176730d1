import { connect, type Socket } from "node:net";
import type postgres from "postgres";

/** As much of postgres.js's settings as says where to. */
interface Target {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false;
}

/**
 * The sockets of a pool, for postgres.js's setting `socket`. Left to itself, it connects again for those whom it refused
 * before, even after the pool was ended, and leaves a connection open whose other end has fallen silent: either keeps a
 * process from ending.
 *
 * @returns `open` for the setting, `refuse` before ending the pool, `destroy` after it.
 */
export function ownSockets() {
  const sockets = new Set<Socket>();
  let refused = false;
  return {
    open: ({ host, port, path }: Target): Socket => {
      if (refused) throw new Error("Cannot connect as the pool must not have been ended: it was");
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

/** What postgres.js keeps of a query to cancel it by; no part of its types. */
interface Cancellable {
  canceller: ((query: unknown) => Promise<unknown>) | null;
}

/**
 * A client whose queries may be cancelled while the server is away. postgres.js sends the request over a connection of
 * its own and hands out no promise of it, so that its failure would be one that nobody can catch, which ends a process.
 *
 * @param client Of postgres.js.
 * @returns The same for kysely, which reserves connections.
 */
export function withSafeCancel(client: postgres.Sql): postgres.Sql {
  const tame = (reserved: postgres.ReservedSql): postgres.ReservedSql =>
    new Proxy(reserved, {
      get: (sql, name) => {
        if (name !== "unsafe") return Reflect.get(sql, name) as unknown;
        return (...query: Parameters<typeof sql.unsafe>) => {
          const pending = sql.unsafe(...query);
          const internal = pending as unknown as Cancellable;
          const { canceller } = internal;
          internal.canceller = async (asked) => canceller?.(asked).catch(() => {});
          return pending;
        };
      },
    });
  return new Proxy(client, {
    get: (sql, name) =>
      name === "reserve" ? async () => tame(await sql.reserve()) : (Reflect.get(sql, name) as unknown),
  });
}
