import type { BagLayout, SequenceLayout } from "../features/mod.ts";
import { sequenceTable } from "./sequence-tower.ts";
import type { TowerConfig } from "./tower-config.ts";
import type { TowerParameter } from "./tower-parameters.ts";

/** What a sequence tower learns from. */
export interface SequenceParameterOptions {
  readonly layout: SequenceLayout;
  /** Columns of the viewer's other features. */
  readonly fields: number;
}

/**
 * Everything that a user tower over a sequence learns beside the tables of its other features, in a fixed order.
 *
 * @param config The shape of the towers, with a sequence.
 * @param options What the tower reads.
 * @returns Parameters.
 */
export function sequenceParameters(
  config: TowerConfig,
  options: SequenceParameterOptions,
): readonly TowerParameter[] {
  const { width, blocks, feedForward } = config.sequence!;
  const { layout, fields } = options;
  const all: TowerParameter[] = [];
  const matrix = (name: string, rows: number, columns: number, spread = 1 / Math.sqrt(rows)): void => {
    all.push({ name, shape: [rows, columns], spread, decays: true });
  };
  const vector = (name: string, columns: number): void => {
    all.push({ name, shape: [1, columns], spread: 0, decays: false });
  };
  const norm = (name: string): void => {
    vector(`${name}.norm.scale`, width);
    vector(`${name}.norm.bias`, width);
  };
  const layer = (name: string, rows: number, columns: number, spread?: number): void => {
    matrix(`${name}.weight`, rows, columns, spread);
    vector(`${name}.bias`, columns);
  };
  // An item has the most to say: vectors of about unit length, and a third of that for all else.
  const unit = 1 / Math.sqrt(width);
  all.push({
    name: sequenceTable,
    shape: [layout.vocabulary, width],
    spread: unit,
    decays: true,
    bag: { side: "user", layout: sequenceItems(layout) },
  });
  matrix("user.sequence.positions.table", layout.steps + 1, width, unit / 3);
  matrix("user.sequence.gaps.table", layout.gaps, width, unit / 3);
  matrix("user.sequence.kinds.table", layout.kinds, width, unit / 3);
  // What is added to the stream adds up over twice as many layers as there are blocks.
  const depth = Math.sqrt(2 * blocks);
  for (let block = 0; block < blocks; block++) {
    const name = `user.sequence.block${block}`;
    norm(`${name}.attention`);
    for (const part of ["query", "key", "value"]) layer(`${name}.${part}`, width, width);
    layer(`${name}.mix`, width, width, unit / depth);
    norm(`${name}.forward`);
    layer(`${name}.inner`, width, feedForward, Math.sqrt(2 / width));
    layer(`${name}.outer`, feedForward, width, 1 / Math.sqrt(feedForward) / depth);
  }
  norm("user.sequence");
  if (fields > 0) matrix("user.sequence.fields.weight", fields, width);
  matrix("user.output.weight", width, config.dims - 2);
  return all;
}

/** The items of a sequence as rows of a table, for what goes by tables. */
export function sequenceItems({ name, vocabulary }: SequenceLayout): BagLayout {
  return { name, vocabulary, role: "history" };
}
