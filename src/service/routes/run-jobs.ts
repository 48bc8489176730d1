import { z } from "@hono/zod-openapi";
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
        budget_ms: z
          .int({ error: budgetError })
          .min(1000, budgetError)
          .max(100_000, budgetError)
          .default(20_000),
      },
      { error: "an object with budget_ms or nothing" },
    )
    .openapi("RunJobsRequest"),
  response: z
    .object({
      fired: z.array(z.string()).openapi({ description: "Schedules whose jobs were enqueued" }),
      request_id: z.string(),
    })
    .openapi("RanJobs"),
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
