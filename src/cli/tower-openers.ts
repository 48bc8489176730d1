import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createOrtWebRuntime } from "../adapters/ort-web/mod.ts";
import { importTensorFlow, openTfjsTowers } from "../adapters/tfjs/mod.ts";
import { isFutagoError } from "../base/mod.ts";
import { createPortableRuntime } from "../onnx/mod.ts";
import { exportTfjs, onRuntime, type TowerOpener } from "../registry/mod.ts";
import { towersOf } from "../towers/mod.ts";

/** The runtimes that towers can be opened in, by name. */
const makers: Readonly<Record<string, () => Promise<TowerOpener>>> = {
  "onnxruntime-node": async () =>
    named("onnxruntime-node", onRuntime(await createOrtRuntime({ threads: 1 }))),
  portable: async () => onRuntime(createPortableRuntime()),
  "onnxruntime-web": async () => named("onnxruntime-web", onRuntime(await createOrtWebRuntime())),
  tfjs: async () => {
    const tf = await importTensorFlow();
    return {
      name: "tfjs",
      open: async (bundle) =>
        towersOf(await openTfjsTowers(tf, exportTfjs(bundle)), { features: bundle.features }),
    };
  },
};

/** Their names. */
export const runtimeNames: readonly string[] = Object.keys(makers);

/**
 * The runtimes that were asked for, or all that are installed.
 *
 * @param names Which; absent: all there are.
 * @returns They, and why others are left out.
 * @throws FutagoError `device_unavailable` where one that was asked for is not installed.
 * @throws RangeError When there is none of that name.
 */
export async function towerOpeners(
  names: readonly string[] | undefined,
): Promise<{ readonly openers: readonly TowerOpener[]; readonly leftOut: readonly string[] }> {
  const openers: TowerOpener[] = [];
  const leftOut: string[] = [];
  for (const name of names ?? runtimeNames) {
    const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
    if (make === undefined) {
      throw new RangeError(
        `Cannot run towers in "${name}" as the runtime must be one of ${runtimeNames.join(", ")}`,
      );
    }
    try {
      openers.push(await make());
    } catch (error) {
      if (names !== undefined || !isFutagoError(error)) throw error;
      leftOut.push(`${name}: ${error.message}`);
    }
  }
  return { openers, leftOut };
}

function named(name: string, { open }: TowerOpener): TowerOpener {
  return { name, open };
}
