import { smokeCatalogue } from "../smoke/catalogue.ts";

/** What examples mean by `items`. */
export const items = smokeCatalogue().items;
