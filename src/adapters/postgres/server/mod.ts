export { openServerStores } from "../server-stores.ts";
export type { DatabaseStores } from "../stores.ts";
