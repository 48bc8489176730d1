import { canonicalJson, sha256Hex } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import type { FittedFeatures } from "../features/mod.ts";
import type { TowerConfig } from "../towers/mod.ts";
import type { TrainingConfig } from "./training-config.ts";
import type { ValidationSet } from "./validation-set.ts";
import type { ParentTowers } from "./warm-start.ts";

/** Everything that decides what a training gives. */
export interface TrainingInputs {
  readonly dataset: Dataset;
  readonly features: FittedFeatures;
  readonly towers: TowerConfig;
  readonly training: TrainingConfig;
  readonly validation: ValidationSet | undefined;
  /** The towers that the weights start from; undefined for fresh ones. */
  readonly parent: ParentTowers | undefined;
}

/**
 * A hash over everything that decides what a training gives, so that a checkpoint is only resumed where the rest of
 * the run would be the same.
 *
 * @param inputs Data, features and configuration.
 * @returns 64 hex digits.
 */
export function trainingFingerprint(inputs: TrainingInputs): string {
  const { dataset, features, towers, training, validation, parent } = inputs;
  // How often a checkpoint is written does not change what comes out.
  const { checkpointSteps: _, ...rest } = training;
  const { events, offsets } = dataset;
  const columns = [events.item, events.kind, events.at, events.watchFraction, offsets];
  const hidden = validation === undefined ? [] : [validation.given.item, validation.targets.indices];
  return sha256Hex(
    canonicalJson({
      columns: [...columns, ...hidden].map((column) => sha256Hex(bytesOf(column))),
      features,
      towers,
      training: rest,
      ...(parent && {
        parent: [
          sha256Hex(parent.userOnnx),
          sha256Hex(parent.itemOnnx),
          parent.features,
          ...(parent.heads === undefined ? [] : [parent.heads]),
        ],
      }),
    }),
  );
}

function bytesOf(column: ArrayBufferView): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
