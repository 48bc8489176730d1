import * as z from "zod/mini";
import { described } from "../descriptions.ts";
import { Problem } from "../problem.ts";
import { defineRoute } from "../route.ts";

const count = () => z.int().check(z.minimum(0));
const floorsError = "a list of 1 to 100 floors";
const floorError = "site/service/floor, such as FANZA/digital/videoa";
const floor = z
  .string({ error: floorError })
  .check(z.regex(/^(?:FANZA|DMM\.com)\/[a-z0-9_]{1,40}\/[a-z0-9_]{1,40}$/, { error: floorError }));
const budgetError = "a whole number of milliseconds from 5000 to 20000";

/** Syncs a slice of the DMM catalogue. */
export const dmmContentSync = defineRoute({
  path: "/functions/v1/dmm_content_sync",
  name: "dmm_content_sync",
  summary: "Syncs the DMM catalogue for a while; asked again until it is done, it goes on where it was",
  callers: "service",
  request: z
    .strictObject(
      {
        floors: z.optional(
          z
            .array(floor, { error: floorsError })
            .check(z.minLength(1, { error: floorsError }), z.maxLength(100, { error: floorsError })),
        ),
        full: z._default(z.boolean({ error: "true to read everything again" }), false),
        budget_ms: z._default(
          z.int({ error: budgetError }).check(z.minimum(5000, budgetError), z.maximum(20_000, budgetError)),
          20_000,
        ),
      },
      { error: "an object with floors, full, budget_ms or nothing" },
    )
    .register(described, { id: "DmmContentSyncRequest" }),
  response: () =>
    z
      .object({
        done: z.boolean().register(described, { description: "False: ask again to go on" }),
        mode: z.enum(["full", "incremental"]),
        pages: count(),
        rows: count(),
        inserted: count(),
        updated: count(),
        unchanged: count(),
        withdrawn: count(),
        held_back: count().register(described, { description: "Gone, but too many to be withdrawn at once" }),
        restored: count(),
        denied: count(),
        failed: count(),
        unread: count(),
        request_id: z.string(),
      })
      .register(described, { id: "DmmContentSync" }),
  problems: ["database_busy", "not_configured", "source_exhausted", "source_rejected", "source_unreadable"],
  handle: async ({ floors, full, budget_ms }, { syncDmm }) => {
    if (syncDmm === undefined) {
      throw new Problem(
        "not_configured",
        "Cannot sync with DMM as it needs credentials: set DMM_API_ID and DMM_AFFILIATE_ID where the service runs",
      );
    }
    const { mode, finished, pages, rows, ...of } = await syncDmm({ floors, full, budgetMs: budget_ms });
    const { inserted, updated, unchanged, withdrawn, heldBack, restored, denied, failed, unread } = of;
    return {
      body: {
        ...{ done: finished, mode, pages, rows, inserted, updated, unchanged },
        ...{ withdrawn, held_back: heldBack, restored, denied, failed, unread },
      },
    };
  },
});
