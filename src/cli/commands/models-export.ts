import { resolve } from "node:path";
import { Command, Option } from "commander";
import { createFileBlobStore } from "../../adapters/blob-fs/mod.ts";
import { exportOnnx, exportTfjs } from "../../registry/mod.ts";
import { action, withSharedOptions } from "../context.ts";
import { withStores } from "../open-stores.ts";
import { registeredBundle } from "../registered-bundle.ts";

interface Options {
  readonly format: "onnx" | "tfjs";
  readonly output: string;
}

/**
 * `futago models export`.
 *
 * @returns The command.
 */
export function modelsExportCommand(): Command {
  const command = new Command("export")
    .argument("[version]", "which version (default: the active one)")
    .description("Write the towers of a version as files for other programs")
    .addOption(
      new Option("--format <name>", "onnx, or tfjs for the layers format of TensorFlow.js")
        .choices(["onnx", "tfjs"])
        .default("onnx"),
    )
    .requiredOption("--output <directory>", "where to; files of the same name are replaced")
    .addHelpText(
      "after",
      "\nBeside the towers lie features.json, which encodes items and viewers, and inputs.json, which says what the towers\ntake.\n\nExamples:\n  futago models export --format onnx --output exported\n  futago models export 2026.11.20-2 --format tfjs --output exported --json",
    );
  return withSharedOptions(command).action(
    action<Options>((context, { format, output }, [version]) =>
      withStores(context, async (stores) => {
        const bundle = await registeredBundle(stores, version);
        const files = format === "tfjs" ? exportTfjs(bundle) : exportOnnx(bundle);
        const folder = resolve(output);
        const blobs = createFileBlobStore(folder);
        for (const [path, bytes] of Object.entries(files)) await blobs.write(path, bytes);
        const written = Object.entries(files).map(([path, { length }]) => ({ path, bytes: length }));
        const megabytes = written.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
        context.say(
          `Wrote ${written.length} files of version ${bundle.manifest.version}, ${megabytes.toFixed(1)} MB, to ${folder}`,
        );
        context.result({ version: bundle.manifest.version, format, folder, files: written });
      }),
    ),
  );
}
