import { buildDataset } from "../../src/catalogue/mod.ts";
import { videoSchema } from "../../src/features/mod.ts";
import { createPortableRuntime } from "../../src/onnx/mod.ts";
import { createTrainer } from "../../src/training/mod.ts";
import { testNow } from "../../tests/tiny-model.ts";
import { tinyService } from "../../tests/tiny-service.ts";
import { smokeCatalogue } from "./catalogue.ts";
import { rounded } from "./rounded.ts";

/** Training on the portable executor, and the service over everything in memory. */
export const modelParts: Readonly<Record<string, () => unknown>> = {
  training: async () => {
    const { dataset } = buildDataset(smokeCatalogue());
    const { curves } = await createTrainer({ runtime: createPortableRuntime() }).fit(dataset, {
      schema: videoSchema,
      towers: { preset: "lite", dims: 16, hidden: [16], bagDims: 8 },
      training: { epochs: 2, seed: 5 },
      validation: "none",
    });
    return curves.map(({ loss }) => loss.toPrecision(4));
  },
  service: async () => {
    const { deploy, post, send } = tinyService({ newRequestId: () => "smoke" });
    const recommend = async (body: object) => {
      const { status, body: answer } = await post("/functions/v1/two_tower_recommendations", body);
      const scores = rounded(answer.recommendations?.map(({ score }) => score) ?? []);
      return [status, answer["source"], answer.recommendations?.map(({ video_id }) => video_id), scores];
    };
    const before = await recommend({ user_id: "p00", limit: 5 });
    await deploy(3);
    const like = { user_id: "p00", video_id: "v05", kind: "like", at: testNow };
    return [
      before,
      await recommend({ user_id: "p00", limit: 5 }),
      await recommend({ user_id: "p01", candidates: ["v01", "v02", "nothing"] }),
      await recommend({ user_id: "p10", limit: 5 }),
      await recommend({ user_id: "p11", limit: 5 }),
      (await post("/functions/v1/events", { events: [like] })).body,
      await recommend({ user_id: "p00", limit: 5 }),
      (await post("/functions/v1/events", "{")).body,
      (await send("/health/ready", {})).body,
    ];
  },
};
