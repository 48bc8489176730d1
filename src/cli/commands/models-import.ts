import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { FutagoError } from "../../base/mod.ts";
import { datasetFromStore } from "../../catalogue/mod.ts";
import { importTowers, parseImportConfig } from "../../registry/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { importFeatures } from "../import-features.ts";
import { openDeployer } from "../open-deployer.ts";
import { type Stores, withStores } from "../open-stores.ts";
import { readJsonFile } from "../read-json-file.ts";

interface Options {
  readonly user: string;
  readonly item: string;
  readonly config?: string;
  readonly features?: string;
  readonly name?: string;
  readonly dryRun?: boolean;
}

/**
 * `futago models import`.
 *
 * @returns The command.
 */
export function modelsImportCommand(): Command {
  const command = new Command("import")
    .description("Check two towers that were trained elsewhere and register them as a candidate")
    .requiredOption("--user <file>", "the user tower, ONNX")
    .requiredOption("--item <file>", "the item tower, ONNX")
    .option("--config <file>", "how their inputs read our features (default: they are named as ours)")
    .option(
      "--features <source>",
      "what they read: a version, video, movielens, or a JSON file with a schema or fitted features (default: as --config says, else the active version's)",
    )
    .option("--name <text>", "its description (default: the name in --config)")
    .option("--dry-run", "check, say what would be registered, and change nothing")
    .addHelpText(
      "after",
      "\ndocs/models.md describes --config and what the towers may be made of.\n\nExamples:\n  futago models import --user user.onnx --item item.onnx --config import.json\n  futago models import --user user.onnx --item item.onnx --features 2026.11.20-1 --name 'tuned' --json",
    );
  return withSharedOptions(command).action(
    action<Options>((context, options) =>
      withStores(context, (stores) => importModel(context, stores, options)),
    ),
  );
}

async function importModel(context: CliContext, stores: Stores, options: Options): Promise<void> {
  const description = options.config === undefined ? undefined : await readJsonFile(options.config);
  const config = parseImportConfig(description?.json ?? { kind: "tower-import" });
  const [userOnnx, itemOnnx] = await Promise.all([readOnnx(options.user), readOnnx(options.item)]);
  const dataset = await datasetFromStore(stores.database.catalogue);
  const source = options.features ?? config.features;
  // What the command line names lies where the command runs, what the file names beside the file.
  const folder = options.features === undefined ? (description?.folder ?? ".") : ".";
  const features = await importFeatures(source, { stores, dataset, folder });
  const runtime = await createOrtRuntime({ threads: 1 });
  const asOf = Date.now();
  const { model, dims, parity, itemLengths } = await importTowers(
    { userOnnx, itemOnnx },
    { features, config, items: dataset.items, runtime, asOf },
  );
  context.say(`Checked: ${dims} dimensions, runtimes agree within ${parity.toExponential(1)}`);
  const { least, most } = itemLengths;
  if (config.similarity === "cosine" && most > least * 1.01) {
    context.say(
      `Note: item vectors are ${least.toFixed(3)} to ${most.toFixed(3)} long and are brought to length 1; where the towers rank by the inner product, say "similarity": "dot"`,
    );
  }
  const found = { dims, parity, itemLengths };
  if (options.dryRun) {
    context.result({ dryRun: true, ...found });
    return;
  }
  const deployer = await openDeployer(context, stores, { runtime });
  const { version } = await deployer.register(model, { dataset, description: options.name ?? config.name });
  context.say(`Version ${version} is a candidate: futago models promote ${version}`);
  context.result({ version, ...found });
}

async function readOnnx(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new FutagoError(
      "source_unreadable",
      `Cannot read "${path}" as it must be an ONNX file: ${(cause as Error).message}`,
      { cause },
    );
  }
}
