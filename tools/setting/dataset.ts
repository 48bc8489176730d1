import { buildDataset } from "futago";
import { smokeCatalogue } from "../smoke/catalogue.ts";

/** What examples mean by `dataset`. */
export const { dataset } = buildDataset(smokeCatalogue());
