import * as z from "zod/mini";

/** What the document says of a schema beside what it checks. */
export interface Description {
  /** Its name among the components of the document; absent: it stands where it is used. */
  readonly id?: string;
  readonly description?: string;
  readonly example?: string | number;
}

/** What is said of schemas: `schema.register(described, { description: "…" })`. */
export const described: z.core.$ZodRegistry<Description> = z.registry<Description>();
