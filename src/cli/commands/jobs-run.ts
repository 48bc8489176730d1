import { hostname } from "node:os";
import { resolve } from "node:path";
import { Command } from "commander";
import { createJobLog } from "../../adapters/node-server/mod.ts";
import { createRandom } from "../../base/mod.ts";
import { createAlerter, createScheduler, createWorker, type JobEnd } from "../../jobs/mod.ts";
import { action, withSharedOptions } from "../context.ts";
import { openAlerts } from "../jobs/open-alerts.ts";
import { openJobHandlers } from "../jobs/open-job-handlers.ts";
import { withQueue } from "../jobs/with-queue.ts";
import { withStores } from "../open-stores.ts";
import { wholeNumber, wordList } from "../option-values.ts";

interface Options {
  readonly parallel: number;
  readonly once?: boolean;
  readonly kinds?: readonly string[];
  readonly schedule: boolean;
  readonly logDir?: string;
}

/** How often alerts are looked for, in milliseconds. */
const lookEveryMs = 60_000;

/**
 * `futago jobs run`.
 *
 * @returns The command.
 */
export function jobsRunCommand(): Command {
  const command = new Command("run")
    .description("Do jobs until told to stop, and enqueue those that are due by themselves")
    .option("--parallel <n>", "jobs at once", wholeNumber({ min: 1, max: 256 }), 1)
    .option("--once", "end when nothing is to do")
    .option("--kinds <names>", "only these kinds, with commas", wordList)
    .option("--no-schedule", "leave the schedules to others")
    .option("--log-dir <directory>", "write the log there, a file a day, kept for a week (default: stderr)")
    .addHelpText(
      "after",
      `
There may be any number of these, on any number of machines. Killed, its jobs are done by another; told to stop, it
finishes what cannot be left. What is broken is told to:
  FUTAGO_SLACK_WEBHOOK       a Slack webhook
  FUTAGO_ALERT_WEBHOOK       any address that takes JSON
  FUTAGO_ALERT_RULES         a JSON file with the rules (docs/jobs.md)

Examples:
  futago jobs run
  futago jobs run --parallel 4 --log-dir /var/log/futago
  futago jobs run --once --kinds embed-changed,integrity --json`,
    );
  return withSharedOptions(command).action(
    action<Options>((context, options) =>
      withStores(context, (stores) =>
        withQueue(context, stores, async ({ jobs: queue, alerts: store }) => {
          const logDir = options.logDir === undefined ? undefined : resolve(options.logDir);
          const all = await openJobHandlers(context, stores);
          const handlers = Object.fromEntries(
            Object.entries(all).filter(([kind]) => options.kinds?.includes(kind) ?? true),
          );
          const unknown = options.kinds?.filter((kind) => all[kind] === undefined) ?? [];
          if (unknown.length > 0) {
            throw new RangeError(
              `Cannot do jobs of kind "${unknown.join(", ")}" as they must be of ${Object.keys(all).join(", ")}`,
            );
          }
          const log = createJobLog({ directory: logDir });
          const tally = { done: 0, retrying: 0, dead: 0, released: 0, overtaken: 0 };
          const worker = createWorker({
            queue,
            handlers,
            name: `${hostname()} ${process.pid}`,
            random: createRandom(Date.now() ^ process.pid),
            parallel: options.parallel,
            onEnd: (end: JobEnd) => {
              tally[end.outcome]++;
              log.ended(end);
            },
            onQueueError: log.queueError,
          });
          const scheduler = createScheduler({ queue, clock: Date, onError: log.queueError });
          const { destinations, rules } = await openAlerts(context.env);
          const alerter = createAlerter({
            queue,
            scheduler,
            store,
            destinations,
            rules,
            fetch,
            clock: Date,
            metricsKey: context.env["FUTAGO_API_KEY"]?.split(",")[0]?.trim() || undefined,
          });
          const look = async (): Promise<void> => {
            const { failed } = await alerter.look();
            if (failed > 0) log.undelivered(failed);
          };
          if (options.once) {
            if (options.schedule) await scheduler.tick();
            await worker.run(context.signal, { untilEmpty: true });
            if (destinations.length > 0) await look();
          } else {
            context.say("Doing jobs; Ctrl-C to stop");
            const looking =
              destinations.length === 0 ? undefined : setInterval(() => void look(), lookEveryMs);
            await Promise.all([
              worker.run(context.signal),
              options.schedule ? scheduler.run(context.signal) : undefined,
            ]);
            clearInterval(looking);
          }
          await log.close();
          context.say(`${tally.done} done, ${tally.retrying} to be tried again, ${tally.dead} dead`);
          context.result(tally);
        }),
      ),
    ),
  );
}
