/** An open connection, as `Deno.connect` gives it. */
export interface WireSocket {
  /** Reads what is there into `into`: how many bytes, null once the other end has closed. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`: how many. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
  /** Of an encrypted connection: ends once the certificate was checked. */
  handshake?(): Promise<unknown>;
}

/** Opens connections. The platform's are handed in: on Deno `Deno.connect` and `Deno.startTls`. */
export interface WireSockets {
  connect(to: { readonly hostname: string; readonly port: number }): Promise<WireSocket>;
  /** Goes on encrypted, the certificate checked against the platform's authorities and `caCerts`. */
  startTls(
    socket: WireSocket,
    options: { readonly hostname: string; readonly caCerts?: string[] },
  ): Promise<WireSocket>;
}
