import { defineRoute } from "../route.ts";
import { recommendationsRequest, recommendationsResponse } from "../wire.ts";

/** What a viewer will like, from the whole catalogue or from given candidates. */
export const recommendations = defineRoute({
  path: "/functions/v1/two_tower_recommendations",
  name: "two_tower_recommendations",
  summary: "What a viewer will like, from the whole catalogue or from given candidates",
  request: recommendationsRequest,
  response: recommendationsResponse,
  problems: ["age_not_confirmed"],
  handle: async ({ user_id, limit, exclude, candidates }, { engine }) => {
    const answer = await engine.recommend(user_id, {
      limit,
      ...(exclude === undefined ? {} : { exclude }),
      ...(candidates === undefined ? {} : { candidates }),
    });
    return {
      body: {
        recommendations: answer.recommendations.map(({ itemId, score, rank }) => ({
          video_id: itemId,
          score,
          rank,
        })),
        model_version: answer.modelVersion,
        source: answer.source,
      },
      source: answer.source,
      modelVersion: answer.modelVersion,
    };
  },
});
