import { Hono } from "hono/quick";
import { z } from "zod";

// What the bundle has in place of `@hono/zod-openapi`: functions answer one route each and describe none, and describing
// them would hold all of zod, with its translations, in every cold start.

/** An application that takes descriptions and forgets them. */
export class OpenAPIHono extends Hono {
  readonly openAPIRegistry: Readonly<Record<string, () => void>> = {
    registerPath: () => {},
    registerComponent: () => {},
  };
}

// `schema.openapi(…)` says something of a schema, and gives the schema. Enumerable, as zod copies only such members.
Object.defineProperty(z.ZodType.prototype, "openapi", {
  enumerable: true,
  value(this: z.ZodType) {
    return this;
  },
});

export { z };
