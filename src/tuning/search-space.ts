import * as z from "zod/mini";
import { createRandom, type Random } from "../base/mod.ts";
import { resolveTowerConfig } from "../towers/mod.ts";
import { resolveTrainingConfig } from "../training/mod.ts";
import {
  checkSetting,
  type ModelSettings,
  type SettingGroup,
  settingGroups,
  withSettings,
} from "./model-settings.ts";

const bounds = { from: z.number(), to: z.number() };
const dimension = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("uniform"), ...bounds }),
  z.strictObject({ kind: z.literal("log_uniform"), ...bounds }),
  z.strictObject({ kind: z.literal("whole"), from: z.int(), to: z.int() }),
  z.strictObject({ kind: z.literal("choice"), of: z.array(z.json()).check(z.minLength(1)) }),
]);
const group = z._default(z.record(z.string(), dimension), {});
const searchSpace = z.strictObject({ kind: z.literal("search_space"), towers: group, training: group });

/**
 * What one setting may be: `uniform` between two numbers, `log_uniform` (its logarithm is uniform: for what works by its
 * order of magnitude), `whole` numbers from one to another, both included, or a `choice` of values.
 */
export type Dimension = z.output<typeof dimension>;

/** Settings that are searched, by name; every other one is as it stands. Plain JSON. */
export type SearchSpace = z.output<typeof searchSpace>;

/** What decides how long a trial takes or what is measured: the same for all, or they could not be compared. */
const sameForAll: readonly string[] = [
  "seed",
  "epochs",
  "validateEvery",
  "validationShare",
  "checkpointSteps",
];

/** What is worth searching whatever the data: how much is left out, how fast it learns, how sharp a choice is. */
export const defaultSearchSpace: SearchSpace = Object.freeze<SearchSpace>({
  kind: "search_space",
  towers: {
    historyDropout: { kind: "uniform", from: 0.2, to: 0.8 },
    idDropout: { kind: "uniform", from: 0, to: 0.4 },
    hiddenDropout: { kind: "uniform", from: 0, to: 0.4 },
    biasLimit: { kind: "uniform", from: 0.25, to: 2 },
    temperature: { kind: "log_uniform", from: 0.05, to: 0.5 },
  },
  training: {
    learningRate: { kind: "log_uniform", from: 0.0005, to: 0.008 },
    weightDecay: { kind: "log_uniform", from: 0.01, to: 2 },
    averaging: { kind: "choice", of: [0.95, 0.98, 0.99, 0.995] },
    batchUsers: { kind: "choice", of: [128, 256, 512] },
  },
});

/**
 * Reads a search space.
 *
 * @param json `{"kind": "search_space", "towers": {"historyDropout": {"kind": "uniform", "from": 0.2, "to": 0.8}}, "training": {…}}`.
 * @returns The space; whatever is drawn from it is within the range of its setting.
 * @throws TypeError When it has another form, or a setting is unknown, of another type, or must be the same for all trials.
 * @throws RangeError When a bound is out of the range of its setting, or the bounds are not in order.
 */
export function parseSearchSpace(json: unknown): SearchSpace {
  const parsed = searchSpace.safeParse(json, { error: z.locales.en().localeError });
  if (!parsed.success) {
    throw new TypeError(
      `Cannot read a search space as each setting must be uniform, log_uniform or whole with from and to, or a choice with of: ${z.prettifyError(parsed.error).replaceAll("\n", "; ")}`,
    );
  }
  const space = parsed.data;
  let count = 0;
  for (const part of settingGroups) {
    for (const [name, within] of Object.entries(space[part])) {
      checkDimension(part, name, within);
      count++;
    }
  }
  if (count === 0) {
    throw new RangeError(
      "Cannot read a search space as it must have a setting: current value is none; add one to towers or training",
    );
  }
  return space;
}

function checkDimension(group: SettingGroup, name: string, within: Dimension): void {
  if (sameForAll.includes(name)) {
    throw new TypeError(
      `Cannot search ${name} as trials must share it to be compared: leave it out, and set it for all of them`,
    );
  }
  if (
    within.kind !== "choice" &&
    !(within.from < within.to && (within.kind !== "log_uniform" || within.from > 0))
  ) {
    const above = within.kind === "log_uniform" ? " and above 0" : "";
    throw new RangeError(
      `Cannot search ${name} as from must be below to${above}: current values are ${within.from} and ${within.to}`,
    );
  }
  for (const value of within.kind === "choice" ? within.of : [within.from, within.to]) {
    checkSetting({ group, name, value });
    if (group === "towers") resolveTowerConfig({ [name]: value });
    else resolveTrainingConfig({ [name]: value });
  }
}

/**
 * The settings of one trial. They follow from the seed and its number alone, setting by setting: more trials, more at once
 * or another setting in the space leave the draws of the others as they are. Trial 0 is the base itself, so that what
 * comes out is never worse on validation than what there was.
 *
 * @param space What may be drawn.
 * @param options The seed of the study, the number of the trial, and the settings that the drawn ones stand over.
 * @returns The settings; numbers have four significant digits.
 */
export function sampleSettings(
  space: SearchSpace,
  { seed, trial, base }: { readonly seed: number; readonly trial: number; readonly base: ModelSettings },
): ModelSettings {
  if (trial === 0) return base;
  const random = createRandom(seed).fork(`trial ${trial}`);
  const drawn = (part: SettingGroup): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(space[part]).map(([name, within]) => [
        name,
        draw(within, random.fork(`${part} ${name}`)),
      ]),
    );
  return withSettings(base, { towers: drawn("towers"), training: drawn("training") });
}

function draw(within: Dimension, random: Random): unknown {
  if (within.kind === "choice") return within.of[random.integer(within.of.length)];
  const { from, to } = within;
  if (within.kind === "whole") return from + random.integer(to - from + 1);
  const u = random.next();
  // from · (to / from)ᵘ: the logarithm is uniform.
  const value = within.kind === "log_uniform" ? from * (to / from) ** u : from + u * (to - from);
  // Short in a table and exact in a file; rounding must not leave the bounds.
  return Math.min(to, Math.max(from, Number(value.toPrecision(4))));
}
