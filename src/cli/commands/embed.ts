import { Command, Option } from "commander";
import { createOrtRuntime, type OrtDevice } from "../../adapters/ort-node/mod.ts";
import { FutagoError } from "../../base/mod.ts";
import { embedCatalogue, embedPeople } from "../../embeddings/mod.ts";
import { loadModel } from "../../registry/mod.ts";
import { action, withSharedOptions } from "../context.ts";
import { withStores } from "../open-stores.ts";
import { wholeNumber } from "../option-values.ts";

interface Options {
  readonly model?: string;
  readonly batchSize?: number;
  readonly device: OrtDevice;
  readonly only?: "catalogue" | "viewers";
}

/**
 * `futago embed`.
 *
 * @returns The command.
 */
export function embedCommand(): Command {
  const command = new Command("embed")
    .description("Compute and store the vectors of videos and viewers that are new or have changed")
    .option("--model <version>", "under which version (default: the active one)")
    .option("--batch-size <n>", "rows in one matrix product", wholeNumber({ min: 1 }))
    .addOption(new Option("--only <what>", "one of the two").choices(["catalogue", "viewers"]))
    .addOption(
      new Option("--device <name>", "where to compute").choices(["cpu", "webgpu", "cuda"]).default("cpu"),
    )
    .addHelpText(
      "after",
      "\nStopped and run again, it goes on with what is left.\n\nExamples:\n  futago embed\n  futago embed --only viewers --json\n  futago embed --model 2026.11.20-2",
    );
  return withSharedOptions(command).action(
    action<Options>((context, { model: asked, batchSize, device, only }) =>
      withStores(context, async ({ database, blobs }) => {
        const { catalogue: store, vectors, versions } = database;
        const row = asked === undefined ? await versions.active() : await versions.get(asked);
        if (row === undefined) {
          throw new FutagoError(
            asked === undefined ? "model_missing" : "not_found",
            asked === undefined
              ? "Cannot embed as a version must be active: there is none; run futago train --update-db"
              : `Cannot embed as version "${asked}" must be registered: run futago models list to see which are`,
          );
        }
        const { version, manifestHash } = row;
        const runtime = await createOrtRuntime({ device });
        const model = await loadModel({ runtime, blobs }, version, { manifestHash });
        const { towers } = model;
        const { progress, signal } = context;
        const batch = batchSize === undefined ? {} : { batchSize };
        const work = { towers, version, store, vectors, progress, signal, ...batch };
        try {
          const videos = only === "viewers" ? undefined : await embedCatalogue(work);
          const viewers = only === "catalogue" ? undefined : await embedPeople({ ...work, asOf: Date.now() });
          for (const [name, done] of Object.entries({ videos, viewers })) {
            if (done === undefined) continue;
            const { embedded, unchanged, removed } = done;
            context.say(`${name}: ${embedded} embedded, ${unchanged} unchanged, ${removed} removed`);
          }
          context.result({ version, videos, viewers });
        } finally {
          await model.close();
        }
      }),
    ),
  );
}
