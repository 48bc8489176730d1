import { Command, InvalidArgumentError, Option } from "commander";
import type { Job, JobState } from "../../jobs/mod.ts";
import { nextDue } from "../../jobs/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { type Stores, withStores } from "../open-stores.ts";
import { wholeNumber } from "../option-values.ts";
import { tableOf } from "../table.ts";
import { jobsRunCommand } from "./jobs-run.ts";

interface Options {
  readonly state?: JobState;
  readonly kind?: string;
  readonly limit?: number;
  readonly runs?: boolean;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly priority?: number;
  readonly key?: string;
  readonly retries?: number;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly on?: boolean;
  readonly off?: boolean;
  readonly remove?: boolean;
}

type Work = (
  stores: Stores,
  asked: { readonly context: CliContext; readonly options: Options; readonly args: readonly string[] },
) => Promise<void>;

/**
 * `futago jobs run | list | add | retry | cancel | schedule`.
 *
 * @returns The command.
 */
export function jobsCommand(): Command {
  const jobs = new Command("jobs").description(
    "Batch jobs: do them, list, add, retry, cancel them, and say when they come by themselves",
  );
  const add = (usage: string, description: string, run: Work): Command => {
    const command = withSharedOptions(jobs.command(usage).description(description));
    command.action(
      action<Options>((context, options, args) =>
        withStores(context, (stores) => run(stores, { context, options, args })),
      ),
    );
    return command;
  };
  jobs.addCommand(jobsRunCommand());
  add("list", "Jobs, newest first, or with --runs what was done", list)
    .addOption(
      new Option("--state <state>", "only these").choices([
        "waiting",
        "running",
        "done",
        "dead",
        "cancelled",
      ]),
    )
    .option("--kind <kind>", "only these")
    .option("--runs", "attempts instead: when, how long, what they did, under which model")
    .option("--limit <n>", "at most so many", wholeNumber({ min: 1, max: 10_000 }), 50);
  add("add <kind>", "Enqueue a job; futago jobs run does it", addJob)
    .option("--payload <json>", "what it is told", jsonObject)
    .option("--priority <n>", "higher comes first", wholeNumber({ min: -32_768, max: 32_767 }))
    .option("--retries <n>", "after a failure (default: 3)", wholeNumber({ min: 0, max: 100 }))
    .option("--key <key>", "not where one of this kind and key is pending");
  add("retry <id>", "Make a dead or cancelled job wait again", retry);
  add("cancel <id>", "Stop a job, or keep it from being done", cancel);
  add("schedule [name]", "When jobs come by themselves; with a name and options, change it", schedule)
    .option("--cron <syntax>", "minute, hour, day, month, weekday")
    .option("--time-zone <name>", "for example Asia/Tokyo, which is the default")
    .option("--kind <kind>", "which job (default: that of the name)")
    .option("--on", "switch it on")
    .option("--off", "switch it off")
    .option("--remove", "remove it");
  return jobs.addHelpText(
    "after",
    `
Examples:
  futago jobs run --parallel 4
  futago jobs add embed-changed && futago jobs run --once
  futago jobs add retrain --payload '{"warmStart": false}' --retries 0
  futago jobs list --state dead
  futago jobs list --runs --kind retrain --json
  futago jobs schedule retrain --cron "0 4 * * 0" --time-zone Asia/Tokyo
  futago jobs schedule evaluate --off`,
  );
}

const list: Work = async ({ database }, { context, options }) => {
  const { state, kind, limit } = options;
  const chosen = { ...(kind === undefined ? {} : { kind }), ...(limit === undefined ? {} : { limit }) };
  if (options.runs) {
    const runs = await database.jobs.runs(chosen);
    const rows = runs.map((run) => [
      run.jobId,
      run.kind,
      run.outcome,
      momentOf(run.startedAt),
      `${((run.finishedAt - run.startedAt) / 1000).toFixed(1)} s`,
      run.modelVersion ?? "",
      run.errorCode ?? run.reason ?? countsOf(run.counts),
    ]);
    say(context, ["id", "kind", "outcome", "started (UTC)", "took", "version", "what"], rows);
    context.result({ runs });
    return;
  }
  const jobs = await database.jobs.list({ ...chosen, ...(state === undefined ? {} : { state }) });
  const rows = jobs.map((job) => [
    job.id,
    job.kind,
    job.state,
    job.priority,
    job.attempts,
    momentOf(whenOf(job)),
    job.errorCode ?? "",
  ]);
  say(context, ["id", "kind", "state", "priority", "attempts", "when (UTC)", "error"], rows);
  context.result({ jobs, kinds: await database.jobs.stats() });
};

const addJob: Work = async ({ database }, { context, options, args: [kind] }) => {
  const { payload = {}, priority = 0, key, retries } = options;
  const [id] = await database.jobs.enqueue([
    {
      ...{ kind: kind!, payload, priority },
      ...(key === undefined ? {} : { key }),
      ...(retries === undefined ? {} : { retries }),
    },
  ]);
  context.say(id === undefined ? "One is pending already" : `Job ${id} waits`);
  context.result({ id: id ?? null });
};

const retry: Work = async ({ database }, { context, args: [id] }) => {
  if (!(await database.jobs.retry(id!))) {
    throw new RangeError(
      `Cannot retry job "${id}" as it must be dead or cancelled, and no other of its key pending: run futago jobs list`,
    );
  }
  context.say(`Job ${id} waits again`);
  context.result({ id });
};

const cancel: Work = async ({ database }, { context, args: [id] }) => {
  if (!(await database.jobs.cancel(id!))) {
    throw new RangeError(`Cannot cancel job "${id}" as it must be waiting or running: run futago jobs list`);
  }
  context.say(`Job ${id} is cancelled`);
  context.result({ id });
};

const schedule: Work = async ({ database }, { context, options, args: [name] }) => {
  const { jobs } = database;
  if (name !== undefined) {
    if (options.remove) {
      if (!(await jobs.removeSchedule(name))) throw noSchedule(name);
    } else {
      const known = (await jobs.schedules()).find((each) => each.name === name);
      const cron = options.cron ?? known?.cron;
      if (cron === undefined) throw noSchedule(name);
      const changed = {
        name,
        kind: options.kind ?? known?.kind ?? name,
        payload: known?.payload ?? {},
        cron,
        timeZone: options.timeZone ?? known?.timeZone ?? "Asia/Tokyo",
        enabled: options.on ? true : options.off ? false : (known?.enabled ?? true),
      };
      // Refused before it is stored, not when it should fire.
      nextDue(changed, Date.now());
      await jobs.putSchedule(changed);
    }
  }
  const schedules = (await jobs.schedules()).map((each) => ({
    ...each,
    next: each.enabled ? (nextDue(each, Date.now()) ?? null) : null,
  }));
  const rows = schedules.map((each) => [
    each.name,
    each.kind,
    each.cron,
    each.timeZone,
    each.enabled ? "on" : "off",
    each.next === null ? "" : momentOf(each.next),
    each.lastTick === null ? "" : momentOf(each.lastTick),
  ]);
  say(context, ["name", "kind", "cron", "time zone", "", "next (UTC)", "last (UTC)"], rows);
  context.result({ schedules });
};

function noSchedule(name: string): RangeError {
  return new RangeError(
    `Cannot change schedule "${name}" as it must be known: it is not; give it a time with --cron, or run futago jobs schedule`,
  );
}

function say(
  context: CliContext,
  heading: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  if (rows.length === 0) context.say("None");
  else for (const line of tableOf([heading, ...rows])) context.say(line);
}

function whenOf({ state, visibleAt, createdAt, finishedAt }: Job): number {
  return finishedAt ?? (state === "waiting" ? visibleAt : createdAt);
}

function momentOf(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${Number.isInteger(count) ? count : count.toFixed(4)}`)
    .join(", ");
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
  } catch {}
  throw new InvalidArgumentError("It must be a JSON object.");
}
