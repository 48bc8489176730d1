import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { type FutagoError, isFutagoError } from "../../base/mod.ts";
import { lackingHeads, valueFromEnv } from "../../recommend/mod.ts";
import { loadModel, type ModelVersion, readHeads } from "../../registry/mod.ts";
import type { CliContext } from "../context.ts";
import type { Stores } from "../open-stores.ts";
import { type Check, type Finding, fine, wrong } from "./check.ts";

/**
 * Whether models can be read, the active one and the one before it are whole, and the active one has the heads that answers
 * are ranked by.
 *
 * @param stores A migrated database, where models are served from, and the environment.
 * @returns The checks.
 */
export function modelChecks({
  database: { versions },
  blobs,
  env,
}: Pick<Stores, "database" | "blobs"> & Pick<CliContext, "env">): readonly Check[] {
  return [
    {
      name: "storage",
      look: async () => {
        const paths = await blobs.list("models/");
        return fine(`answers, ${paths.length} files of models`);
      },
    },
    {
      name: "model",
      look: async () => {
        const active = await versions.active();
        if (active === undefined)
          return fine("none is active: popularity answers; futago train --update-db makes one");
        return whole(blobs, active, "futago models rollback, or restore its files");
      },
    },
    {
      name: "previous model",
      look: async () => {
        const previous = await versions.previous();
        if (previous === undefined) return fine("there is none");
        return whole(
          blobs,
          previous,
          "restore its files; until then only the linear model stands behind the active one",
        );
      },
    },
    {
      name: "value formula",
      look: async () => {
        const formula = valueFromEnv(env);
        if (formula === undefined) return fine("none: similarity ranks");
        const active = await versions.active();
        if (active === undefined) return fine("set, and no version is active");
        const { version, manifestHash } = active;
        const lacking = lackingHeads(formula, await readHeads(blobs, version, { manifestHash }));
        if (lacking.length === 0) return fine(`ranks what ${version} finds`);
        return wrong(
          `FUTAGO_VALUE weighs ${lacking.join(" and ")}, for which ${version} has no head: similarity ranks`,
          `train with ${lacking.map((task) => `${task}HeadWeight`).join(" and ")}, or change FUTAGO_VALUE`,
        );
      },
    },
  ];
}

async function whole(blobs: Stores["blobs"], row: ModelVersion, advice: string): Promise<Finding> {
  const { version, manifestHash } = row;
  try {
    const model = await loadModel({ runtime: await createOrtRuntime(), blobs }, version, { manifestHash });
    await model.close();
    return fine(`${version}, whole, vectors within ${model.parity.toExponential(1)} of the recorded ones`);
  } catch (error) {
    if (!isFutagoError(error)) throw error;
    return wrong(`${error.code}: ${withoutAdvice(error)}`, advice);
  }
}

// What comes after the last semicolon is advice for another place.
function withoutAdvice({ message }: FutagoError): string {
  const end = message.lastIndexOf(";");
  return end < 0 ? message : message.slice(0, end);
}
