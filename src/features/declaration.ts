import * as z from "zod";

/** A feature's name: it becomes part of ONNX input names. `dense` is the name of the dense block itself. */
export const featureName = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,39}$/)
  .refine((name) => name !== "dense");

/** The name of a field of an item or a person. */
export const fieldName = z.string().min(1).max(100);

/** Options of every table: how rare a value may be, and how many rows there are at most. */
export const vocabularyOptions = {
  /** Values that occur in fewer rows of the fit data share row 0. */
  minCount: z.int().min(1).default(2),
  /** The most frequent values are kept. */
  maxVocabulary: z.int().min(1).max(1_000_000).default(20_000),
};
