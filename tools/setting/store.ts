import { createMemoryCatalogue } from "futago";
import { smokeCatalogue } from "../smoke/catalogue.ts";

/** What examples mean by `store`: a catalogue, its people and what they did. */
export const store = createMemoryCatalogue(smokeCatalogue());
