import { type Dataset, eventKinds } from "../catalogue/mod.ts";
import { fitActivity, measureActivity } from "./activity.ts";
import type { FieldRow, FitContext } from "./encoder.ts";
import { type FieldState, fitField } from "./field-encoders.ts";
import type { FeatureState, FittedFeatures } from "./fitted.ts";
import { dataEndOf, historiesOf } from "./histories.ts";
import type { HistoryOptions } from "./history-options.ts";
import { itemLayoutOf, userLayoutOf } from "./layout.ts";
import {
  type FeatureSchemaInput,
  hashFeatureSchema,
  parseFeatureSchema,
  type UserFeature,
} from "./schema.ts";
import { eventWindow } from "./signals.ts";

/**
 * Learns what encoding needs from the training data: vocabularies, scales, counts.
 *
 * Give it the training part of a split only: popularity and scales would else tell of the held-out events.
 *
 * @param schema Which features there are.
 * @param dataset Items, people and events to learn from.
 * @returns The fitted features: plain JSON.
 * @throws TypeError When the schema is faulty.
 *
 * @example
 * ```ts
 * import { buildDataset, encodeItems, fitFeatures, videoSchema } from "futago";
 * const items = [{ id: "v1", title: "Sea at dawn", fields: { genres: ["nature"] } }];
 * const { dataset } = buildDataset({ items, people: [], events: [] });
 * const fitted = fitFeatures(videoSchema, dataset);
 * encodeItems(fitted, items).rows; // 1
 * ```
 */
export function fitFeatures(schema: FeatureSchemaInput, dataset: Dataset): FittedFeatures {
  const parsed = parseFeatureSchema(schema);
  const context = itemContext(dataset, parsed.history);
  const itemStates: Record<string, FieldState> = {};
  for (const feature of parsed.item) itemStates[feature.name] = fitField(feature, dataset.items, context);
  const userStates = fitUsers(parsed.user, dataset, parsed.history);
  return {
    kind: "fitted-features",
    formatVersion: 1,
    schema: parsed,
    schemaHash: hashFeatureSchema(parsed),
    dataEnd: context.dataEnd,
    itemLayout: itemLayoutOf(parsed, itemStates),
    userLayout: userLayoutOf(parsed, { itemStates, userStates }),
    itemStates,
    userStates,
  };
}

function itemContext(dataset: Dataset, history: HistoryOptions): FitContext {
  const likes = new Int32Array(dataset.items.length);
  const positives = new Int32Array(dataset.items.length);
  const like = eventKinds.indexOf("like");
  const view = eventKinds.indexOf("view");
  const { item, kind, watchFraction } = dataset.events;
  for (let e = 0; e < item.length; e++) {
    if (kind[e] === like) {
      likes[item[e]!]!++;
      positives[item[e]!]!++;
    } else if (kind[e] === view && history.viewWeight > 0 && watchFraction[e]! >= history.viewThreshold) {
      positives[item[e]!]!++;
    }
  }
  return { dataEnd: dataEndOf(dataset), likes, positives };
}

function fitUsers(
  features: readonly UserFeature[],
  dataset: Dataset,
  history: HistoryOptions,
): Record<string, FeatureState> {
  const none = new Int32Array(dataset.people.length);
  const context: FitContext = { dataEnd: dataEndOf(dataset), likes: none, positives: none };
  const rows: readonly FieldRow[] = dataset.people.map(({ id, fields }) => ({ id, title: "", fields }));
  const states: Record<string, FeatureState> = {};
  for (const feature of features) {
    const { kind } = feature;
    if (kind === "history" || kind === "distribution" || kind === "pattern" || kind === "sequence") {
      states[feature.name] = null;
    } else if (feature.kind === "activity") {
      const histories = historiesOf(dataset, Int32Array.from(rows.keys()));
      const measured = rows.map((_, user) =>
        measureActivity(histories, user, {
          window: eventWindow(histories, user, history.maxEvents),
          history,
        }),
      );
      states[feature.name] = fitActivity(feature, measured);
    } else states[feature.name] = fitField(feature, rows, context);
  }
  return states;
}
