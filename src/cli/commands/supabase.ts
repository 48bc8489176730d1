import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { FutagoError } from "../../base/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { copyFiles, readTree } from "../supabase/copy-files.ts";
import { mergeConfig } from "../supabase/merge-config.ts";

interface Options {
  readonly force?: boolean;
}

/** What this package carries for a Supabase project. Two levels above src/cli or dist/cli alike. */
const packaged = fileURLToPath(new URL("../../../supabase/", import.meta.url));
const bundle = "functions/_shared/events.js";

/**
 * `futago supabase init`.
 *
 * @returns The command.
 */
export function supabaseCommand(): Command {
  const supabase = new Command("supabase").description(
    "Edge functions and migrations for a Supabase project",
  );
  const init = new Command("init")
    .description(
      "Copy the edge functions, their configuration and the migrations into a project's supabase/ folder",
    )
    .argument("[directory]", "the project, which holds supabase/ or will", ".")
    .option("--force", "replace files that were changed in the project, too")
    .addHelpText(
      "after",
      "\nWhat was changed in the project is kept and named. Run it again after every update of futago.\n\n" +
        "Examples:\n  futago supabase init\n  futago supabase init ../shop --json\n  futago supabase init --force",
    )
    .action(
      action<Options>((context, { force = false }, [directory = "."]) =>
        initialise(context, { target: resolve(directory, "supabase"), force }),
      ),
    );
  supabase.addCommand(withSharedOptions(init));
  return supabase.addHelpText("after", "\nExamples:\n  futago supabase init");
}

async function initialise(
  context: CliContext,
  { target, force }: { readonly target: string; readonly force: boolean },
): Promise<void> {
  const files = new Map(
    [...(await readTree(packaged))].filter(([path]) =>
      /^(?:functions\/.+(?:\.js|\.ts|\/deno\.json)|migrations\/.+\.sql)$/.test(path),
    ),
  );
  if (!files.has(bundle)) {
    throw new FutagoError(
      "source_unreadable",
      `Cannot copy the functions as what they import must be built: ${bundle} is missing; run npm run build`,
    );
  }
  const copied = await copyFiles(files, { target, record: "functions/_shared/futago.json", force });
  const config = await configure(target);

  const { written, updated, unchanged, kept } = copied;
  context.say(
    `${target}: ${written.length} files written, ${updated.length} updated, ${unchanged.length} as they were`,
  );
  for (const path of kept) context.say(`kept, as it was changed here: ${path} (--force replaces it)`);
  if (config.added.length > 0) context.say(`config.toml: added ${config.added.join(", ")}`);
  for (const name of config.verifying) {
    context.say(
      `config.toml: [functions.${name}] must say verify_jwt = false, as the function verifies callers itself`,
    );
  }
  context.say("Next: supabase db push --remote, then supabase functions deploy");
  context.result({ directory: target, written, updated, unchanged: unchanged.length, kept, config });
}

async function configure(
  target: string,
): Promise<{ readonly added: readonly string[]; readonly verifying: readonly string[] }> {
  const path = join(target, "config.toml");
  const ours = await readFile(join(packaged, "config.toml"), "utf8");
  const theirs = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  const { text, added, verifying } = mergeConfig(theirs, ours);
  if (text !== theirs) {
    await mkdir(target, { recursive: true });
    await writeFile(path, text);
  }
  return { added, verifying };
}
