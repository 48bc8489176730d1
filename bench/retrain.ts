import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { generateDemo } from "../src/catalogue/mod.ts";
import type { JobRun } from "../src/jobs/mod.ts";
import type { Benchmark } from "./benchmark.ts";

/** What `npm run bench` says of it. */
export const about =
  "shows the job retrain with the real command line: a better model, a worse one, a broken run and its alert (--items N --people N)";

/** What a job is told so that nothing is learned: no weight moves, and none comes from the active version. */
const learnsNothing = JSON.stringify({ warmStart: false, training: { epochs: 1, learningRate: 1e-9 } });

/** In an embedded database of its own. The exit code is 1 where something is not as it should be. */
export const run: Benchmark = async ({ args, log }) => {
  const number = (name: string, fallback: number): number => {
    const at = args.indexOf(name);
    return at < 0 ? fallback : Number(args[at + 1]);
  };
  const size = { items: number("--items", 300), people: number("--people", 400) };
  const home = await mkdtemp(join(tmpdir(), "futago-retrain-"));
  const told: { readonly alert: string; readonly state: string }[] = [];
  const receiver = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      told.push(JSON.parse(text));
      response.end();
    });
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const began = performance.now();
  const futago = async (...command: string[]): Promise<Record<string, unknown>> => {
    const { DATABASE_URL: _, ...env } = process.env;
    const child = spawn(process.execPath, ["bin/futago.mjs", ...command, "--json"], {
      env: { ...env, FUTAGO_HOME: home, FUTAGO_ALERT_WEBHOOK: hook },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`futago ${command.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, unknown>;
  };
  const work = () => futago("jobs", "run", "--once", "--no-schedule");
  const retrain = async (...told: string[]): Promise<JobRun> => {
    await futago("jobs", "add", "retrain", "--retries", "0", ...told);
    await work();
    const { runs } = await futago("jobs", "list", "--runs", "--kind", "retrain", "--limit", "1");
    const [last] = runs as JobRun[];
    log(`${last!.outcome}: ${last!.modelVersion ?? last!.reason ?? last!.errorCode}`);
    return last!;
  };
  const live = async (): Promise<string | undefined> => {
    const { versions } = await futago("models", "list");
    return (versions as { version: string; status: string }[]).find(({ status }) => status === "active")
      ?.version;
  };
  const broken: string[] = [];
  const check = (name: string, holds: boolean): void => {
    if (!holds) broken.push(name);
    log(`${holds ? "holds" : "DOES NOT HOLD"}: ${name}`);
  };
  try {
    const database = await openDatabase({ directory: join(home, "database") });
    await database.catalogue.putBatch(generateDemo({ seed: 1, ...size }));
    await database.close();

    const poor = await retrain("--payload", JSON.stringify({ training: { epochs: 2, patience: 0 } }));
    check("without an active version the new one goes live", poor.modelVersion === (await live()));
    const better = await retrain();
    const best = await live();
    check("a better model goes live", better.modelVersion === best && best !== poor.modelVersion);
    const worse = await retrain("--payload", learnsNothing);
    check("a worse one is refused, with its reason", /^refused: it is worse/.test(worse.reason ?? ""));
    check("and the active version stays", (await live()) === best);
    check("none of it is an alert", told.length === 0);

    const file = join(home, "models", best!, "user_tower.onnx");
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, 1000));
    const failed = await retrain("--payload", learnsNothing);
    check(
      "a run with a damaged model fails",
      failed.outcome === "failed" && failed.errorCode === "bundle_corrupt",
    );
    await work();
    await work();
    check("it is told once, however often somebody looks", told.length === 1 && told[0]!.state === "broken");
    await writeFile(file, whole);
    await retrain("--payload", learnsNothing);
    await work();
    check("its recovery is told once", told.length === 2 && told[1]!.state === "recovered");

    process.exitCode = broken.length === 0 ? 0 : 1;
    const figures = ({ outcome, modelVersion, reason, errorCode, counts }: JobRun) => ({
      ...{ outcome, modelVersion, reason, errorCode, ...counts },
    });
    return {
      holds: broken.length === 0,
      ...{ broken, ...size },
      seconds: Math.round((performance.now() - began) / 1000),
      poor: figures(poor),
      better: figures(better),
      worse: figures(worse),
      failed: figures(failed),
      told,
    };
  } finally {
    receiver.close().closeAllConnections();
    await rm(home, { recursive: true, force: true });
  }
};
