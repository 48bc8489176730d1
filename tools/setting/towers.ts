import { loadTowers } from "futago";
import { model } from "./model.ts";
import { runtime } from "./runtime.ts";

/** What examples mean by `towers`. */
export const towers = await loadTowers(runtime, model);
