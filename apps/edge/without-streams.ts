// What the bundle has in place of Node's streams and of Cloudflare's sockets. postgres.js asks for the first to copy and to
// read large objects, which nobody does here, and for the others where it is given no sockets; loading them takes time.

class Missing {
  constructor() {
    throw new TypeError(
      "Cannot copy or read large objects as streams must be there: an edge function has none",
    );
  }
}

const streams = { Readable: Missing, Writable: Missing, Duplex: Missing };

// biome-ignore lint/style/noDefaultExport: it stands for a module that has one
export default streams;

export function connect(): never {
  throw new TypeError("Cannot connect as sockets must be handed in: they were not");
}
