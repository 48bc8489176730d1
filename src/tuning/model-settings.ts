import * as z from "zod/mini";
import { resolveTowerConfig, type TowerOptions, towerPresets } from "../towers/mod.ts";
import { resolveTrainingConfig, type TrainingOptions, trainingDefaults } from "../training/mod.ts";

/** What may be changed of the towers and of training, as it lies in a file: what is left out is as by default. */
export interface ModelSettings {
  readonly towers: TowerOptions;
  readonly training: TrainingOptions;
}

/** The two parts of {@link ModelSettings}. */
export const settingGroups = ["towers", "training"] as const;

/** One of {@link settingGroups}. */
export type SettingGroup = (typeof settingGroups)[number];

const defaults: Readonly<Record<SettingGroup, Readonly<Record<string, unknown>>>> = {
  // Some presets have settings that others do without.
  towers: Object.assign({}, ...Object.values(towerPresets)),
  training: { ...trainingDefaults },
};

const group = z._default(z.record(z.string(), z.json()), {});
const settingsFile = z.strictObject({ towers: group, training: group });

/**
 * Reads settings, such as those that `futago tune` wrote.
 *
 * @param json `{"towers": {…}, "training": {…}}`; either may be absent.
 * @returns The settings, each of which is known and within its range.
 * @throws TypeError When it has another form, or a setting is unknown or of another type.
 * @throws RangeError When a setting is out of its range.
 *
 * @example
 * ```ts
 * import { parseModelSettings } from "futago";
 * const settings = parseModelSettings({ towers: { preset: "lite" }, training: { learningRate: 0.004 } });
 * settings.training.learningRate; // 0.004
 * ```
 */
export function parseModelSettings(json: unknown): ModelSettings {
  const parsed = settingsFile.safeParse(json, { error: z.locales.en().localeError });
  if (!parsed.success) {
    throw new TypeError(
      `Cannot read model settings as they must be {"towers": {…}, "training": {…}}: ${z.prettifyError(parsed.error).replaceAll("\n", "; ")}`,
    );
  }
  const settings = parsed.data as unknown as ModelSettings;
  for (const part of settingGroups) {
    for (const [name, value] of Object.entries(settings[part])) checkSetting({ group: part, name, value });
  }
  resolveTowerConfig(settings.towers);
  resolveTrainingConfig(settings.training);
  return settings;
}

/** One setting by its name. */
export interface Setting {
  readonly group: SettingGroup;
  readonly name: string;
  readonly value: unknown;
}

/**
 * Refuses a setting that nothing reads, or that is no number where a number is read.
 *
 * @param setting Where it stands, and its value.
 * @throws TypeError For such a one.
 */
export function checkSetting({ group, name, value }: Setting): void {
  const known = defaults[group];
  const like = known[name];
  if (name === "kind" || like === undefined) {
    const names = Object.keys(known).filter((each) => each !== "kind");
    throw new TypeError(
      `Cannot set "${name}" of ${group} as it must be a known setting: use one of ${names.join(", ")}`,
    );
  }
  // What is null by default may be a number, too.
  if (like !== null && typeOf(value) !== typeOf(like)) {
    throw new TypeError(
      `Cannot set ${name} of ${group} as it must be ${typeOf(like)}: current value is ${JSON.stringify(value)}`,
    );
  }
}

/**
 * Settings over others.
 *
 * @param base What holds where nothing else is said.
 * @param changes What is said.
 * @returns Both, the changes in the place of what they change.
 */
export function withSettings(base: ModelSettings, changes: Partial<ModelSettings>): ModelSettings {
  return {
    towers: { ...base.towers, ...changes.towers },
    training: { ...base.training, ...changes.training },
  };
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
