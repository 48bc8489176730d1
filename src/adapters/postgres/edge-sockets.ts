import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { FutagoError } from "../../base/mod.ts";
import { type PoolSockets, poolEnded } from "./postgres-pool.ts";

/** An open connection, as `Deno.connect` gives it. */
export interface EdgeConnection {
  /** Reads what is there into `into`: how many bytes, null once the other end has closed. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`: how many. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
  /** Of an encrypted connection: ends once the certificate was checked. */
  handshake?(): Promise<unknown>;
}

/** Opens connections. The platform's are handed in: on Deno `Deno.connect` and `Deno.startTls`. */
export interface EdgeSockets {
  connect(to: { readonly hostname: string; readonly port: number }): Promise<EdgeConnection>;
  /** Goes on encrypted, the certificate checked against the platform's authorities and `caCerts`. */
  startTls(
    connection: EdgeConnection,
    options: { readonly hostname: string; readonly caCerts?: string[] },
  ): Promise<EdgeConnection>;
}

/**
 * The platform's sockets for a pool.
 *
 * @param platform Opens connections.
 * @param options Whether they are encrypted, and which authorities may sign beside those that the platform knows.
 * @returns Sockets as postgres.js takes them.
 */
export function edgeSockets(
  platform: EdgeSockets,
  options: { readonly encrypted: boolean; readonly caCerts?: readonly string[] | undefined },
): PoolSockets {
  const open = new Set<EdgeSocket>();
  let refused = false;
  return {
    open: ({ host, port }) => {
      if (refused) throw poolEnded();
      const [hostname, at] = [host[0] ?? "localhost", port[0] ?? 5432];
      const connecting = platform.connect({ hostname, port: at });
      const { encrypted, caCerts } = options;
      const socket = new EdgeSocket(
        encrypted ? connecting.then((plain) => encrypt(plain, { platform, hostname, caCerts })) : connecting,
      );
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      return socket;
    },
    refuse: () => {
      refused = true;
    },
    destroy: () => {
      for (const socket of open) socket.destroy();
    },
  };
}

// What postgres.js uses of Node's sockets.
class EdgeSocket extends EventEmitter {
  readyState: "opening" | "open" | "closed" = "opening";
  readonly #connection: Promise<EdgeConnection>;
  #written: Promise<unknown>;

  constructor(connection: Promise<EdgeConnection>) {
    super();
    this.#connection = connection;
    this.#written = connection;
    this.#read().then(
      () => this.destroy(),
      (error: unknown) => this.destroy(error),
    );
  }

  async #read(): Promise<void> {
    const connection = await this.#connection;
    if (this.readyState === "opening") this.readyState = "open";
    const bytes = new Uint8Array(65_536);
    while (this.readyState === "open") {
      const count = await connection.read(bytes);
      if (count === null) return;
      this.emit("data", Buffer.from(bytes.subarray(0, count)));
    }
  }

  write(bytes: Uint8Array, done?: () => void): boolean {
    this.#written = this.#written
      .then(async () => writeAll(await this.#connection, bytes))
      .then(done, (error: unknown) => this.destroy(error));
    return true;
  }

  end(bytes: Uint8Array): void {
    this.write(bytes, () => this.destroy());
  }

  destroy(error?: unknown): void {
    if (this.readyState === "closed") return;
    this.readyState = "closed";
    this.#connection.then(close, () => {});
    queueMicrotask(() => {
      // An error that nobody waits for would end the process.
      if (error !== undefined && this.listenerCount("error") > 0) this.emit("error", asNodeSays(error));
      this.emit("close", error !== undefined);
    });
  }
}

/** What the server is asked before anything else: whether it encrypts. */
const sslRequest = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);

async function encrypt(
  plain: EdgeConnection,
  options: {
    readonly platform: EdgeSockets;
    readonly hostname: string;
    readonly caCerts: readonly string[] | undefined;
  },
): Promise<EdgeConnection> {
  const { platform, hostname, caCerts } = options;
  try {
    await writeAll(plain, sslRequest);
    const answer = new Uint8Array(1);
    await plain.read(answer);
    if (answer[0] !== "S".charCodeAt(0)) throw new Error("the server has no encryption");
    const secured = await platform.startTls(plain, {
      hostname,
      ...(caCerts === undefined ? {} : { caCerts: [...caCerts] }),
    });
    await secured.handshake?.();
    return secured;
  } catch (error) {
    close(plain);
    throw new FutagoError(
      "database_unreachable",
      `Cannot reach the database as the connection must be encrypted: ${error instanceof Error ? error.message : "it is not"}; ` +
        "give the authority that signed its certificate, or leave sslmode out within a network of your own",
      { cause: error, details: { code: "TLS" } },
    );
  }
}

async function writeAll(connection: EdgeConnection, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length; ) sent += await connection.write(bytes.subarray(sent));
}

function close(connection: EdgeConnection): void {
  try {
    connection.close();
  } catch {
    // It was closed, or taken by startTls().
  }
}

/** With a code, which not every error of Deno's has: a name that is not found has none. */
function asNodeSays(error: unknown): unknown {
  if (typeof error === "object" && error !== null && "code" in error && error.code !== undefined)
    return error;
  const message = "Cannot talk to the database: its address does not answer";
  return Object.assign(new Error(message, { cause: error }), { code: "CONNECTION_CLOSED" });
}
