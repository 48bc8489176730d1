export { readAddress, type WireAddress } from "./address.ts";
export type { WireSocket, WireSockets } from "./sockets.ts";
export { createWirePool } from "./wire-pool.ts";
