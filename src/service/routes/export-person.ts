import * as z from "zod/mini";
import { FutagoError } from "../../base/mod.ts";
import { personFor } from "../auth/acting-for.ts";
import { described } from "../descriptions.ts";
import { defineRoute, needed } from "../route.ts";
import { viewerRequest } from "../wire.ts";

/** Hands over all that is kept of a viewer. Vectors only to the application: to a viewer, that there are such. */
export const exportPerson = defineRoute({
  path: "/functions/v1/export_person",
  name: "export_person",
  summary: "All that is kept of a viewer, as JSON",
  callers: "viewers",
  needs: "people",
  request: viewerRequest,
  response: () =>
    z
      .object({
        format: z.literal("futago-person/1"),
        user_id: z.string(),
        tables: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
        request_id: z.string(),
      })
      .register(described, { id: "PersonExport" }),
  problems: ["not_found"],
  handle: async ({ user_id }, { people, caller }) => {
    const found = await needed(people).export(personFor(caller, user_id));
    if (found === undefined) {
      throw new FutagoError("not_found", "Cannot export as something must be kept of the viewer: nothing is");
    }
    const tables = Object.entries(found.tables).map(([table, rows]) => [
      table,
      rows.map(({ embedding, ...row }) =>
        embedding === undefined || caller.kind === "viewer" ? row : { ...row, embedding },
      ),
    ]);
    return {
      body: { ...found, tables: Object.fromEntries(tables) as Record<string, Record<string, unknown>[]> },
    };
  },
});
