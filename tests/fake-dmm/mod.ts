export { type DmmFacts, itemOf, makeFacts } from "./facts.ts";
export type { DmmListing } from "./listing.ts";
export { type FakeDmm, type FakeDmmFaults, fakeFloors, startFakeDmm } from "./server.ts";
