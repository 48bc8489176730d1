import { createMemoryVectorStore } from "futago";
import { store } from "./store.ts";

/** What examples mean by `vectors`. */
export const vectors = createMemoryVectorStore(store);
