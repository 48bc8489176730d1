import * as z from "zod/mini";

/** A feature's name: it becomes part of ONNX input names. `dense` is the name of the dense block itself. */
export const featureName = z.string().check(
  z.regex(/^[a-z][A-Za-z0-9_]{0,39}$/),
  z.refine((name) => name !== "dense"),
);

/** The name of a field of an item or a person. */
export const fieldName = z.string().check(z.minLength(1), z.maxLength(100));

/** Options of every table: how rare a value may be, and how many rows there are at most. */
export const vocabularyOptions = {
  /** Values that occur in fewer rows of the fit data share row 0. */
  minCount: z._default(z.int().check(z.minimum(1)), 2),
  /** The most frequent values are kept. */
  maxVocabulary: z._default(z.int().check(z.minimum(1), z.maximum(1_000_000)), 20_000),
};
