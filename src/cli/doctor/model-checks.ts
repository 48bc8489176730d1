import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { type FutagoError, isFutagoError } from "../../base/mod.ts";
import { loadModel, type ModelVersion } from "../../registry/mod.ts";
import type { Stores } from "../open-stores.ts";
import { type Check, type Finding, fine, wrong } from "./check.ts";

/**
 * Whether models can be read, and the active one and the one before it are whole.
 *
 * @param stores A migrated database, and where models are served from.
 * @returns The checks.
 */
export function modelChecks({
  database: { versions },
  blobs,
}: Pick<Stores, "database" | "blobs">): readonly Check[] {
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
