import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { FutagoError } from "../../base/mod.ts";
import type { Service } from "../../service/mod.ts";

/** Options of {@link startServer}. */
export interface ServerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Address to listen on. */
  readonly host: string;
  /**
   * A socket that listens already, by its file descriptor: a supervisor's, which keeps who comes while this process is
   * replaced. `port` and `host` do not count then. @default opens one
   */
  readonly descriptor?: number | undefined;
  /** Whether callers must prove who they are: only then may it listen beyond this machine. */
  readonly keyed: boolean;
  /**
   * The header in which a proxy of ours writes the address of the client, such as `x-real-ip`; of a list the last, which
   * is what the proxy itself saw. Only behind such a proxy: anybody else could write it, too. @default none is believed
   */
  readonly clientAddressHeader?: string | undefined;
}

/** A server that listens. */
export interface RunningServer {
  /** For example `http://127.0.0.1:8787`. */
  readonly url: string;
  /** Takes no more requests, waits up to 10 s for those under way, and closes. */
  close(): Promise<void>;
}

const loopback = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * Serves over HTTP with Node.
 *
 * @param service What answers.
 * @param options Where to listen.
 * @returns The server, once it listens.
 * @throws RangeError When it would listen beyond this machine and ask nobody who they are.
 * @throws FutagoError `address_in_use` when the port is taken.
 */
export async function startServer(service: Service, options: ServerOptions): Promise<RunningServer> {
  const { host, keyed, descriptor } = options;
  // Of a descriptor it is not known who can reach it.
  if (!keyed && (descriptor !== undefined || !loopback.has(host))) {
    throw new RangeError(
      `Cannot listen on "${descriptor ?? host}" as without an API key it must be 127.0.0.1: set FUTAGO_API_KEY or FUTAGO_JWKS_URL to serve other machines`,
    );
  }
  const server = await listen(service, options);
  const { port: bound } = server.address() as AddressInfo;
  return Object.freeze({
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    close: () => closeGently(server),
  });
}

function listen(
  service: Service,
  { port, host, descriptor, clientAddressHeader }: ServerOptions,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createAdaptorServer({
      fetch: (request, env) => {
        // hono's types cannot know that HTTP/1 is served here; `incoming` is Node's own request.
        const { incoming } = env as Partial<HttpBindings>;
        const written = clientAddressHeader && request.headers.get(clientAddressHeader);
        const clientAddress = written ? written.split(",").at(-1)!.trim() : incoming?.socket.remoteAddress;
        return service.fetch(request, { clientAddress });
      },
      serverOptions: { requestTimeout: 30_000, headersTimeout: 10_000 },
    }) as Server;
    server.once("listening", () => resolve(server));
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === "EADDRINUSE";
      const rule = taken
        ? "the port must be free: it is taken; choose another with PORT"
        : `of ${cause.code}`;
      reject(new FutagoError("address_in_use", `Cannot listen on ${host}:${port} as ${rule}`, { cause }));
    });
    server.listen(descriptor === undefined ? { port, host } : { fd: descriptor });
  });
}

function closeGently(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), 10_000);
    late.unref();
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}
