import { Command } from "commander";
import { FutagoError } from "../../base/mod.ts";
import {
  type Bundle,
  bundleBytes,
  canExportTfjs,
  compareRuntimes,
  parityTolerance,
  type RuntimeComparison,
} from "../../registry/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { type Stores, withStores } from "../open-stores.ts";
import { wordList } from "../option-values.ts";
import { registeredBundle } from "../registered-bundle.ts";
import { tableOf } from "../table.ts";
import { runtimeNames, towerOpeners } from "../tower-openers.ts";

interface Options {
  readonly runtimes?: string[];
}

/**
 * `futago models verify`.
 *
 * @returns The command.
 */
export function modelsVerifyCommand(): Command {
  const command = new Command("verify")
    .argument("[version]", "which version (default: all)")
    .description("Check the hashes of a version, and its vectors in every runtime, without changing anything")
    .option("--runtimes <names>", `of ${runtimeNames.join(",")} (default: those installed)`, wordList)
    .addHelpText(
      "after",
      `\nEnds with 1 where two runtimes, or one and the recorded vectors, differ by more than ${parityTolerance}.\n\nExamples:\n  futago models verify\n  futago models verify 2026.11.20-2 --runtimes onnxruntime-node,portable --json`,
    );
  return withSharedOptions(command).action(
    action<Options>((context, options, [version]) =>
      withStores(context, (stores) => verify(context, stores, { ...options, version })),
    ),
  );
}

async function verify(
  context: CliContext,
  stores: Stores,
  options: Options & { readonly version: string | undefined },
): Promise<void> {
  const rows = await stores.database.versions.list();
  const names = options.version === undefined ? rows.map((row) => row.version) : [options.version];
  const { openers, leftOut } = await towerOpeners(options.runtimes);
  for (const why of leftOut) context.say(`Left out ${why}`);
  const verified: (RuntimeComparison & { readonly bytes: number })[] = [];
  for (const name of names) {
    const bundle = await registeredBundle(stores, name);
    // Unless it is asked for, and then says itself why it cannot.
    const without = options.runtimes === undefined && !canExportTfjs(bundle);
    const able = without ? openers.filter((opener) => opener.name !== "tfjs") : openers;
    const compared = await compareRuntimes(bundle, able);
    show(context, bundle, compared);
    verified.push({ ...compared, bytes: bundleBytes(bundle.manifest) });
  }
  context.result({ verified });
  const failed = verified.filter(({ agree }) => !agree);
  if (failed.length === 0) return;
  throw new FutagoError(
    "parity_failed",
    `Cannot trust ${failed.map(({ version }) => `version "${version}"`).join(" and ")} as all vectors must agree within ${parityTolerance}: largest difference is ${Math.max(...failed.map(({ largest }) => largest))}; serve it on the runtimes that agree, or train again`,
    { details: { versions: failed.map(({ version }) => version) } },
  );
}

/** The largest difference of every pair, as a triangle. */
function show(context: CliContext, bundle: Bundle, { version, pairs, largest }: RuntimeComparison): void {
  const size = (bundleBytes(bundle.manifest) / 1e6).toFixed(1);
  context.say(
    `${version}: whole, ${size} MB, ${bundle.manifest.dims} dimensions, vectors within ${largest.toExponential(1)}`,
  );
  const names = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];
  const cell = (a: string, b: string): string =>
    pairs.find((pair) => pair.a === a && pair.b === b)?.difference.toExponential(1) ?? "";
  const heading = ["largest difference", ...names.slice(1)];
  const rows = names.slice(0, -1).map((a) => [a, ...names.slice(1).map((b) => cell(a, b))]);
  for (const line of tableOf([heading, ...rows])) context.say(`  ${line}`);
}
