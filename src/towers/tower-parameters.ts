import type { BagLayout, RowLayout } from "../features/mod.ts";
import { directionDims, linearBags, linearParameters } from "./linear-part.ts";
import { sequenceParameters } from "./sequence-parameters.ts";
import type { TowerConfig } from "./tower-config.ts";

/** One side of the pair. */
export type TowerSide = "user" | "item";

/** What the two towers read: the layouts of a fitted feature schema. */
export interface TowerLayouts {
  readonly user: RowLayout;
  readonly item: RowLayout;
}

/** One learned array. All have two axes; a bias is one row. */
export interface TowerParameter {
  readonly name: string;
  readonly shape: readonly [rows: number, columns: number];
  /** Standard deviation of the normal distribution it starts from; 0 for zeros. */
  readonly spread: number;
  /** Whether weight decay pulls it towards zero. */
  readonly decays: boolean;
  /** Of a table: the bag whose entries are its rows. */
  readonly bag?: { readonly side: TowerSide; readonly layout: BagLayout };
}

/** The learned logarithm of the temperature; no part of either served tower, and absent where it is not learned. */
export const temperatureParameter = "log_temperature";

/** The tables of `role: "id"` bags that hold each item's own bias. */
export const biasTableName = (bag: string): string => `item.${bag}.bias`;

/** The table of a bag's vectors. */
export const tableName = (side: TowerSide, bag: string): string => `${side}.${bag}.table`;

/** Width of a bag's summed vectors. */
export function bagWidth(config: TowerConfig, bag: BagLayout): number {
  if (bag.role === "history") return config.historyDims;
  return bag.role === "id" ? config.idDims : Math.min(config.bagDims, bag.vocabulary);
}

/**
 * Everything the two towers hold, in a fixed order; all of it is learned but for the linear part.
 *
 * @param config The shape of the towers.
 * @param layouts What they read.
 * @returns Parameters, those of the user tower first, then those of the linear part, the temperature last.
 */
export function towerParameters(config: TowerConfig, layouts: TowerLayouts): readonly TowerParameter[] {
  const inner = directionDims(config);
  const all: TowerParameter[] = [];
  const tables = (side: TowerSide): void => {
    for (const layout of layouts[side].bags) {
      const width = bagWidth(config, layout);
      // Rows of about unit length, so that every bag starts with the same say.
      const spread = 1 / Math.sqrt(width);
      const shape = [layout.vocabulary, width] as const;
      all.push({ name: tableName(side, layout.name), shape, spread, decays: true, bag: { side, layout } });
    }
  };
  const layer = (name: string, rows: number, columns: number, gain: number): void => {
    all.push({ name: `${name}.weight`, shape: [rows, columns], spread: gain, decays: true });
    all.push({ name: `${name}.bias`, shape: [1, columns], spread: 0, decays: false });
  };
  // He et al. 2015: variance 2/fan-in keeps the scale through layers that halve it.
  const gain = config.activation === "tanh" ? 1 : 2;
  const stack = (side: TowerSide, rows: number, hidden: readonly number[]): void => {
    let width = rows;
    for (const [index, units] of hidden.entries()) {
      layer(`${side}.hidden${index}`, width, units, Math.sqrt(gain / width));
      width = units;
    }
    layer(`${side}.output`, width, inner, 1 / Math.sqrt(Math.max(width, inner)));
  };

  tables("user");
  const userWidth = inputWidth(config, layouts.user, () => true);
  if (layouts.user.sequence !== undefined) {
    all.push(...sequenceParameters(config, { layout: layouts.user.sequence, fields: userWidth }));
  } else if (userWidth > 0) stack("user", userWidth, config.hidden);
  if (layouts.user.bags.some((bag) => bag.role === "history") && config.historyDims !== inner) {
    all.push(projection("user.skip.weight", config.historyDims, inner));
  }

  tables("item");
  const itemWidth = inputWidth(config, layouts.item, (bag) => bag.role !== "id");
  if (itemWidth > 0) stack("item", itemWidth, config.itemHidden);
  const ids = layouts.item.bags.filter((bag) => bag.role === "id");
  if (ids.length > 0 && config.idDims !== inner)
    all.push(projection("item.skip.weight", config.idDims, inner));
  if (config.biasLimit > 0) {
    for (const layout of ids) {
      const name = biasTableName(layout.name);
      all.push({
        name,
        shape: [layout.vocabulary, 1],
        spread: 0,
        decays: false,
        bag: { side: "item", layout },
      });
    }
    if (itemWidth > 0)
      all.push({ name: "item.popularity.weight", shape: [itemWidth, 1], spread: 0, decays: true });
    all.push({ name: "item.popularity.bias", shape: [1, 1], spread: 0, decays: false });
  }
  if (config.linearDims > 0) all.push(...linearParameters(config, linearBags(layouts)!));
  if (config.learnTemperature)
    all.push({ name: temperatureParameter, shape: [1, 1], spread: 0, decays: false });
  return all;
}

/** Columns of the first layer: the chosen bags' vectors and the dense block, side by side. */
export function inputWidth(
  config: TowerConfig,
  layout: RowLayout,
  takes: (bag: BagLayout) => boolean,
): number {
  return layout.bags.filter(takes).reduce((sum, bag) => sum + bagWidth(config, bag), layout.denseWidth);
}

function projection(name: string, rows: number, columns: number): TowerParameter {
  return { name, shape: [rows, columns], spread: 1 / Math.sqrt(rows), decays: true };
}
