// The messages of Postgres' protocol, version 3.0: https://www.postgresql.org/docs/current/protocol-message-formats.html

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Writes messages one after the other into bytes that grow. */
export class MessageWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #start = 0;

  /** Begins a message; without a type the first ones of a connection. */
  begin(type?: string): this {
    if (type !== undefined) this.byte(type.charCodeAt(0));
    this.#start = this.#length;
    return this.int32(0);
  }

  /** Ends it: its length is known now. */
  end(): this {
    this.#view.setInt32(this.#start, this.#length - this.#start);
    return this;
  }

  byte(value: number): this {
    this.#room(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  int16(value: number): this {
    this.#room(2);
    this.#view.setInt16(this.#length, value);
    this.#length += 2;
    return this;
  }

  int32(value: number): this {
    this.#room(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** Text that ends in a zero; it must have none. */
  name(value: string): this {
    return this.bytes(utf8.encode(value)).byte(0);
  }

  /** Text behind its length; null is the length -1. */
  value(value: string | null): this {
    if (value === null) return this.int32(-1);
    const bytes = utf8.encode(value);
    return this.int32(bytes.length).bytes(bytes);
  }

  /** Everything that was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(1024);
    this.#view = new DataView(this.#bytes.buffer);
    this.#length = 0;
    return taken;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** A message of the server's, read from its start. */
export class Message {
  readonly type: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** `bytes`: what follows the length; they are not kept beyond the message. */
  constructor(type: string, bytes: Uint8Array) {
    this.type = type;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  int16(): number {
    this.#at += 2;
    return this.#view.getInt16(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4);
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  /** Text up to a zero. */
  name(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const found = text.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return found;
  }

  /** Text behind its length, or null. */
  value(): string | null {
    const length = this.int32();
    if (length < 0) return null;
    this.#at += length;
    return text.decode(this.#bytes.subarray(this.#at - length, this.#at));
  }

  /** A copy of what is left. */
  rest(): Uint8Array {
    return this.#bytes.slice(this.#at);
  }

  /** What is left, as text. */
  text(): string {
    return text.decode(this.#bytes.subarray(this.#at));
  }
}

/** An error of the server's: its SQLSTATE is `code`. */
export class ServerError extends Error {
  readonly code: string;
  readonly severity: string;
  readonly detail: string | undefined;

  /** From an ErrorResponse: one letter and a text for each field. */
  constructor(message: Message) {
    const fields = new Map<string, string>();
    for (let field = message.name(); field !== ""; field = message.name()) {
      fields.set(field[0]!, field.slice(1));
    }
    super(fields.get("M") ?? "the server gave no reason");
    this.name = "ServerError";
    this.code = fields.get("C") ?? "XX000";
    this.severity = fields.get("V") ?? fields.get("S") ?? "ERROR";
    this.detail = fields.get("D");
  }
}
