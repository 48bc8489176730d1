export type { BagLayout, DenseLayout, EncodedRows, Histories, RowLayout } from "./encoded.ts";
