// The portable core in small, the same code in every runtime: `tools/check-portability.ts` runs this file in Node and
// in Deno and compares what is printed. Only minimal patterns, so that a failure here means a runtime differs.
import { canonicalJson, createRandom, sha256Hex } from "../../src/base/mod.ts";
import { featureParts } from "./features.ts";
import { modelParts } from "./models.ts";
import { rounded } from "./rounded.ts";

/** Each part gives plain data; its hash must not depend on the runtime. */
const parts: Readonly<Record<string, () => unknown>> = {
  random: () => {
    const random = createRandom(7);
    const fork = random.fork("smoke");
    return Array.from({ length: 100 }, () => [random.next(), random.integer(1000), rounded([fork.normal()])]);
  },
  hash: () => sha256Hex(new Uint8Array([1, 2, 3])) + sha256Hex("双子"),
  ...featureParts,
  ...modelParts,
};

for (const [name, part] of Object.entries(parts))
  console.log(`${name} ${sha256Hex(canonicalJson(await part()))}`);
