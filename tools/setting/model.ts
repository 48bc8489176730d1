import { createTrainer, videoSchema } from "futago";
import { dataset } from "./dataset.ts";
import { runtime } from "./runtime.ts";

/** What examples mean by `model`: trained for an instant, on very little. */
export const model = await createTrainer({ runtime }).fit(dataset, {
  schema: videoSchema,
  towers: { preset: "lite", dims: 16, hidden: [16], bagDims: 8 },
  training: { epochs: 1 },
  validation: "none",
});
