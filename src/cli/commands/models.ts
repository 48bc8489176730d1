import { Command } from "commander";
import type { Deployer, ModelVersion } from "../../registry/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { openDeployer } from "../open-deployer.ts";
import { withStores } from "../open-stores.ts";
import { wholeNumber } from "../option-values.ts";
import { type ReloadOptions, reloadInstances, withReloadUrl } from "../reload-instances.ts";
import { tableOf } from "../table.ts";
import { modelsDeployCommand } from "./models-deploy.ts";
import { modelsExportCommand } from "./models-export.ts";
import { modelsImportCommand } from "./models-import.ts";
import { modelsImportanceCommand } from "./models-importance.ts";
import { modelsVerifyCommand } from "./models-verify.ts";

/**
 * `futago models deploy | list | promote | rollback | verify | importance | export | import | prune`.
 *
 * @returns The command.
 */
export function modelsCommand(): Command {
  const models = new Command("models").description(
    "Versions of the model: deploy, list, promote, roll back, verify, importance of features, export, import, prune",
  );
  const add = (usage: string, description: string, run: Work): Command => {
    const command = withSharedOptions(models.command(usage).description(description));
    command.action(
      action<Options>((context, options, args) =>
        withDeployer(context, options, (deployer) => run(deployer, { context, options, args })),
      ),
    );
    return command;
  };

  models.addCommand(modelsDeployCommand());
  add("list", "Every version, newest first", async (deployer, { context }) => {
    const versions = await deployer.list();
    show(context, versions);
    context.result({ versions });
  });
  const promote = add(
    "promote <version>",
    "Check a version, embed the catalogue under it, and make it the active one",
    async (deployer, { context, options, args: [version] }) => {
      const promoted = await deployer.promote(version!);
      context.say(`${promoted.version} is active`);
      context.result({ ...promoted, instances: await reloadInstances(context, options) });
    },
  );
  const rollback = add(
    "rollback",
    "Make the version that was active before the active one again",
    async (deployer, { context, options }) => {
      const active = await deployer.rollBack();
      context.say(`${active.version} is active again`);
      context.result({ ...active, instances: await reloadInstances(context, options) });
    },
  );
  for (const command of [promote, rollback]) withReloadUrl(command);
  models.addCommand(modelsVerifyCommand());
  models.addCommand(modelsImportanceCommand());
  models.addCommand(modelsExportCommand());
  models.addCommand(modelsImportCommand());
  add(
    "prune",
    "Remove the oldest versions, with their vectors and bundles",
    async (deployer, { context }) => {
      const removed = await deployer.prune();
      context.say(removed.length === 0 ? "Nothing to remove" : `Removed ${removed.join(", ")}`);
      context.result({ removed });
    },
  ).option(
    "--keep <n>",
    "versions to keep, the active and the previous one among them",
    wholeNumber({ min: 2 }),
    10,
  );
  return models.addHelpText(
    "after",
    "\nExamples:\n  futago models deploy --to supabase\n  futago models list\n  futago models promote 2026.11.20-2\n  futago models rollback\n  futago models prune --keep 5",
  );
}

type Work = (
  deployer: Deployer,
  asked: { readonly context: CliContext; readonly options: Options; readonly args: readonly string[] },
) => Promise<void>;

interface Options extends ReloadOptions {
  readonly keep?: number;
}

function withDeployer(
  context: CliContext,
  { keep }: Options,
  work: (deployer: Deployer) => Promise<void>,
): Promise<void> {
  return withStores(context, async (stores) =>
    work(await openDeployer(context, stores, keep === undefined ? {} : { maxVersions: keep })),
  );
}

function show(context: CliContext, versions: readonly ModelVersion[]): void {
  if (versions.length === 0) {
    context.say("No versions yet: futago train makes one");
    return;
  }
  const rows = versions.map((row) => [
    row.version,
    row.semanticVersion,
    row.status,
    row.preset,
    row.dims,
    new Date(row.createdAt).toISOString().slice(0, 16).replace("T", " "),
    Object.entries(row.metrics)
      .map(([name, value]) => `${name} ${value.toFixed(3)}`)
      .slice(0, 2)
      .join(", "),
    row.description,
  ]);
  const heading = [
    "version",
    "semantic",
    "status",
    "preset",
    "dims",
    "created (UTC)",
    "metrics",
    "description",
  ];
  for (const line of tableOf([heading, ...rows])) context.say(line);
}
