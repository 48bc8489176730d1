import * as z from "zod/mini";
import { described } from "../descriptions.ts";
import { Problem } from "../problem.ts";
import { defineRoute } from "../route.ts";

const budgetError = "a whole number of milliseconds from 1000 to 100000";

/** Does jobs for a while. */
export const runJobs = defineRoute({
  path: "/functions/v1/run_jobs",
  name: "run_jobs",
  summary: "Enqueues the jobs that are due, and does those that can be done here for a while",
  callers: "service",
  request: z
    .strictObject(
      {
        budget_ms: z._default(
          z.int({ error: budgetError }).check(z.minimum(1000, budgetError), z.maximum(100_000, budgetError)),
          20_000,
        ),
      },
      { error: "an object with budget_ms or nothing" },
    )
    .register(described, { id: "RunJobsRequest" }),
  response: () =>
    z
      .object({
        fired: z.array(z.string()).register(described, { description: "Schedules whose jobs were enqueued" }),
        request_id: z.string(),
      })
      .register(described, { id: "RanJobs" }),
  problems: ["not_configured"],
  handle: async ({ budget_ms }, { runJobs: run }) => {
    if (run === undefined) {
      throw new Problem(
        "not_configured",
        "Cannot do jobs as this instance does none: run futago jobs run, or call the function run_jobs",
      );
    }
    return { body: { fired: [...(await run(budget_ms)).fired] } };
  },
});
