import { Command, InvalidArgumentError } from "commander";
import { FutagoError } from "../../base/mod.ts";
import { isSemanticVersion, latestBundle } from "../../registry/mod.ts";
import { action, withSharedOptions } from "../context.ts";
import { openDeployer } from "../open-deployer.ts";
import { makeModelStore, openModelStore } from "../open-model-store.ts";
import { type Stores, withStores } from "../open-stores.ts";
import { wholeNumber } from "../option-values.ts";
import { type ReloadOptions, reloadInstances, withReloadUrl } from "../reload-instances.ts";

interface Options extends ReloadOptions {
  readonly to?: string;
  readonly description?: string;
  readonly semver?: string;
  readonly promote: boolean;
  readonly maxVersions: number;
}

/**
 * `futago models deploy`.
 *
 * @returns The command.
 */
export function modelsDeployCommand(): Command {
  const command = new Command("deploy")
    .argument("[version]", "which version (default: the newest that was trained here)")
    .description("Upload a version, embed the catalogue under it, and make it the active one")
    .option("--to <where>", "supabase, s3 or a directory (default: as --models)")
    .option("--description <text>", "what is different about it")
    .option("--semver <bump>", "major, minor, patch or a version such as 2.0.0", semanticVersion)
    .option("--no-promote", "upload and register only")
    .option(
      "--max-versions <n>",
      "versions to keep, the active and the previous one among them",
      wholeNumber({ min: 2 }),
      10,
    )
    .addHelpText(
      "after",
      `
What was uploaded never changes: it lies under models/<version>/<hash>/. Stopped at any point and run again, it goes on.
Nothing goes active unless ONNX Runtime and the portable executor both give the recorded vectors. Instances must read
from the same place: give them the same FUTAGO_MODELS.

  supabase  SUPABASE_URL, SUPABASE_SECRET_KEY (or SUPABASE_SERVICE_ROLE_KEY), FUTAGO_BUCKET (futago-models)
  s3        FUTAGO_S3_ENDPOINT, FUTAGO_S3_REGION, FUTAGO_S3_BUCKET, FUTAGO_S3_ACCESS_KEY_ID, FUTAGO_S3_SECRET_ACCESS_KEY

Examples:
  futago models deploy
  futago models deploy 2026.11.20-2 --to supabase --semver major --description 'with performers'
  futago models deploy --to /srv/models --no-promote --json
  futago models deploy --to supabase --reload-url https://abcdefgh.supabase.co`,
    );
  return withSharedOptions(withReloadUrl(command)).action(
    action<Options>((context, options, [version]) =>
      withStores(context, async (opened) => {
        const { to, promote, maxVersions, description, semver } = options;
        const stores = to === undefined ? opened : { ...opened, blobs: openModelStore(to, context.env) };
        await makeModelStore(to ?? context.models, context.env);
        const deployer = await openDeployer(context, stores, { maxVersions });
        const deployed = await deployer.deploy(version ?? (await newest(stores)), {
          promote,
          ...(description === undefined ? {} : { description }),
          ...(semver === undefined ? {} : { semver }),
        });
        const row = deployed.version;
        if (deployed.published !== undefined) {
          const { path, sent, bytes } = deployed.published;
          context.say(
            sent.length === 0
              ? `${path} is up already`
              : `Uploaded ${sent.length} files, ${(bytes / 1e6).toFixed(1)} MB, to ${path}`,
          );
        }
        context.say(`${row.version} (${row.semanticVersion}) is ${promote ? "active" : "uploaded"}`);
        const instances = promote ? await reloadInstances(context, options) : [];
        context.result({ ...row, published: deployed.published ?? null, instances });
      }),
    ),
  );
}

/** The newest bundle of this home, else the newest version of the database. */
async function newest({ home, database }: Stores): Promise<string> {
  const here = await latestBundle(home);
  const version = here?.version ?? (await database.versions.list())[0]?.version;
  if (version !== undefined) return version;
  throw new FutagoError("not_found", "Cannot deploy as there must be a version: futago train makes one");
}

function semanticVersion(text: string): string {
  if (["major", "minor", "patch"].includes(text) || isSemanticVersion(text)) return text;
  throw new InvalidArgumentError("It must be major, minor, patch or three numbers such as 2.0.0.");
}
