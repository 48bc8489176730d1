import { FutagoError } from "../../../base/mod.ts";
import type { WireAddress } from "./address.ts";
import { Message, MessageWriter, ServerError } from "./messages.ts";
import { md5Answer, startScram } from "./sign-in.ts";
import type { WireSocket, WireSockets } from "./sockets.ts";
import { parameterText, readerOf } from "./values.ts";

/** How {@link WireConnection} connects. */
export interface WireOptions {
  readonly address: WireAddress;
  readonly sockets: WireSockets;
  /** Certificates of authorities that the platform does not know, as PEM. */
  readonly caCerts?: readonly string[] | undefined;
}

/** What a statement gave. */
export interface WireResult {
  /** `INSERT`, `SELECT`, … */
  readonly command: string;
  /** Rows that it touched or gave. */
  readonly count: number;
  readonly rows: Record<string, unknown>[];
}

/**
 * A connection to Postgres: the part of its protocol that the stores use. A statement is one round trip, without a name, so
 * that a transaction pooler may stand between; parameters and results are text; one statement at a time.
 */
export class WireConnection {
  readonly #options: WireOptions;
  readonly #socket: WireSocket;
  readonly #writer = new MessageWriter();
  /** What was read and not yet looked at: from `#start` to `#end`. */
  #bytes = new Uint8Array(65_536);
  #start = 0;
  #end = 0;
  /** What a request to cancel names; empty where the server said none. */
  #cancelKey: Uint8Array = new Uint8Array(0);
  #closed: Promise<void>;
  #tellClosed = (): void => {};
  #ended = false;
  #wake = (): void => {};

  private constructor(socket: WireSocket, options: WireOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
    void this.#listen();
  }

  /**
   * Connects and signs in.
   *
   * @param options Where to.
   * @returns The connection.
   * @throws Error With a `code` as `translateError` reads it.
   */
  static async open(options: WireOptions): Promise<WireConnection> {
    const connection = new WireConnection(await openSocket(options), options);
    try {
      await connection.#signIn();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Resolves once either end has closed it. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /**
   * Runs one statement. An error of the server's is thrown and leaves the connection as it was.
   *
   * @param statement SQL, with `$1`, `$2`, … for its parameters.
   * @param parameters As `parameterText` takes them.
   * @returns Its rows.
   * @throws ServerError, TypeError for a parameter, Error with `CONNECTION_CLOSED` where the line is cut.
   */
  async query(statement: string, parameters: readonly unknown[] = []): Promise<WireResult> {
    const values = parameters.map(parameterText);
    const writer = this.#writer;
    writer.begin("P").name("").name(statement).int16(0).end();
    writer.begin("B").name("").name("").int16(0).int16(values.length);
    for (const value of values) writer.value(value);
    writer.int16(0).end();
    writer.begin("D").byte("P".charCodeAt(0)).name("").end();
    writer.begin("E").name("").int32(0).end();
    writer.begin("S").end();
    await this.#send();
    try {
      return await this.#result();
    } catch (error) {
      // What is fatal closes it; and wherever reading stopped in between, nobody knows what comes next.
      if (!(error instanceof ServerError && error.severity === "ERROR")) this.close();
      throw error;
    }
  }

  async #result(): Promise<WireResult> {
    let columns: readonly Column[] = [];
    let tag = "";
    let failure: ServerError | undefined;
    const rows: Record<string, unknown>[] = [];
    for (;;) {
      const message = await this.#next();
      if (message.type === "T") columns = readColumns(message);
      else if (message.type === "D") rows.push(readRow(message, columns));
      else if (message.type === "C") tag = message.name();
      else if (message.type === "E") failure = new ServerError(message);
      else if (message.type === "Z") break;
      // Nothing follows what is fatal.
      if (failure !== undefined && failure.severity !== "ERROR") throw failure;
    }
    if (failure !== undefined) throw failure;
    return { command: tag.split(" ", 1)[0]!, count: Number(/\d+$/.exec(tag)?.[0] ?? 0), rows };
  }

  /** Asks the server, over a connection of its own, to end the statement that runs here. */
  async cancel(): Promise<void> {
    const socket = await openSocket(this.#options);
    try {
      const request = new MessageWriter().begin().int32(80_877_102).bytes(this.#cancelKey).end();
      await sendAll(socket, request.take());
      // The server closes once it has passed it on.
      await socket.read(new Uint8Array(1));
    } finally {
      socket.close();
    }
  }

  /** Ends it at once; what waits for an answer is told that the connection is closed. */
  close(): void {
    this.#tellClosed();
    try {
      this.#socket.close();
    } catch {
      // Closed by the other end.
    }
  }

  async #signIn(): Promise<void> {
    const { user, password, database } = this.#options.address;
    this.#writer.begin().int32(196_608);
    const settings = { user, database, application_name: "futago", client_encoding: "UTF8" };
    for (const [name, value] of Object.entries(settings)) this.#writer.name(name).name(value);
    this.#writer.byte(0).end();
    await this.#send();
    const scram = startScram(password);
    let proven = true;
    for (;;) {
      const message = await this.#next();
      if (message.type === "E") throw new ServerError(message);
      if (message.type === "K") this.#cancelKey = message.rest();
      if (message.type === "Z") return;
      if (message.type !== "R") continue;
      const asked = message.int32();
      if (asked === 0 && proven) continue;
      if (asked === 12) {
        scram.check(message.text());
        proven = true;
        continue;
      }
      if (asked === 3) this.#writer.begin("p").name(password).end();
      else if (asked === 5) {
        const answer = md5Answer({ user, password, salt: message.rest() });
        this.#writer.begin("p").name(answer).end();
      } else if (asked === 10) {
        this.#writer.begin("p").name("SCRAM-SHA-256").value(scram.first).end();
        proven = false;
      } else if (asked === 11) {
        const answer = new TextEncoder().encode(await scram.answer(message.text()));
        this.#writer.begin("p").bytes(answer).end();
      } else throw broken(`the server answers a sign-in by ${asked}, which does not fit here`);
      await this.#send();
    }
  }

  async #send(): Promise<void> {
    if (this.#ended) throw broken("the connection is closed");
    try {
      await sendAll(this.#socket, this.#writer.take());
    } catch (error) {
      this.close();
      throw broken("the connection is closed", error);
    }
  }

  async #next(): Promise<Message> {
    while (this.#end - this.#start < 5 || this.#end - this.#start < this.#length() + 1) await this.#more();
    const from = this.#start + 5;
    this.#start += this.#length() + 1;
    const type = String.fromCharCode(this.#bytes[from - 5]!);
    return new Message(type, this.#bytes.subarray(from, this.#start));
  }

  /** Of the next message, without its type. */
  #length(): number {
    return new DataView(this.#bytes.buffer, this.#start + 1, 4).getInt32(0);
  }

  /** Until more has come than was there. */
  async #more(): Promise<void> {
    if (this.#ended) throw broken("the connection is closed");
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Reads all the time, so that a connection that is closed while nobody asks is noticed. */
  async #listen(): Promise<void> {
    const chunk = new Uint8Array(65_536);
    for (;;) {
      const count = await this.#socket.read(chunk).catch(() => null);
      if (count === null) break;
      this.#keep(chunk.subarray(0, count));
      this.#wake();
    }
    this.#ended = true;
    this.close();
    this.#wake();
  }

  #keep(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) {
      const waiting = this.#bytes.subarray(this.#start, this.#end);
      // A message that was handed out may still be read where it lies: never moved within the same bytes.
      this.#bytes = new Uint8Array(Math.max(65_536, 2 * (waiting.length + bytes.length)));
      this.#bytes.set(waiting);
      this.#end = waiting.length;
      this.#start = 0;
    }
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }
}

interface Column {
  readonly name: string;
  readonly read: (text: string) => unknown;
}

function readColumns(message: Message): Column[] {
  return Array.from({ length: message.int16() }, () => {
    const name = message.name();
    message.skip(6);
    const read = readerOf(message.int32());
    message.skip(8);
    return { name, read };
  });
}

function readRow(message: Message, columns: readonly Column[]): Record<string, unknown> {
  message.skip(2);
  const row: Record<string, unknown> = {};
  for (const { name, read } of columns) {
    const text = message.value();
    row[name] = text === null ? null : read(text);
  }
  return row;
}

async function openSocket({ address, sockets, caCerts }: WireOptions): Promise<WireSocket> {
  const { hostname, port, encryption } = address;
  let socket: WireSocket;
  try {
    socket = await sockets.connect({ hostname, port });
  } catch (error) {
    throw broken("nobody answers at its address", error);
  }
  if (encryption === "off") return socket;
  try {
    await sendAll(socket, new MessageWriter().begin().int32(80_877_103).end().take());
    const answer = new Uint8Array(1);
    await socket.read(answer);
    if (answer[0] === "S".charCodeAt(0)) {
      const secured = await sockets.startTls(socket, {
        hostname,
        ...(caCerts === undefined ? {} : { caCerts: [...caCerts] }),
      });
      await secured.handshake?.();
      return secured;
    }
    if (encryption === "prefer") return socket;
    throw new Error("the server has no encryption");
  } catch (error) {
    try {
      socket.close();
    } catch {
      // startTls() has taken it.
    }
    throw new FutagoError(
      "database_unreachable",
      `Cannot reach the database as the connection must be encrypted: ${error instanceof Error ? error.message : "it is not"}; ` +
        "give the authority that signed its certificate, or leave sslmode out within a network of your own",
      { cause: error, details: { code: "TLS" } },
    );
  }
}

async function sendAll(socket: WireSocket, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length; ) sent += await socket.write(bytes.subarray(sent));
}

// What the system says that translateError() knows.
const systemCodes = /^E(?:CONN(?:REFUSED|RESET)|HOSTUNREACH|NETUNREACH|NOTFOUND|PIPE|TIMEDOUT|AI_AGAIN)$/;

function broken(reason: string, cause?: unknown): Error {
  const code = String((cause as { readonly code?: unknown } | undefined)?.code);
  return Object.assign(new Error(`Cannot talk to the database: ${reason}`, { cause }), {
    code: systemCodes.test(code) ? code : "CONNECTION_CLOSED",
  });
}
