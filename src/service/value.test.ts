import { expect, test } from "vitest";
import { tinyModel } from "../../tests/tiny-model.ts";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { createInferenceEngine, valueParts } from "../recommend/mod.ts";
import { createService } from "./create-service.ts";

test("what recommendations are worth by the formula goes with them, and its parts with an explanation", async () => {
  const world = tinyWorld();
  const { model, dataset } = tinyModel();
  const nope = { weights: Array.from({ length: 16 }, (_, d) => Math.sin(d)), scale: 20, bias: 0 };
  const heads = { kind: "served_heads", heads: { nope } } as const;
  const { version } = await world.deployer.register({ ...model, heads }, { dataset });
  await world.deployer.promote(version);
  const engine = createInferenceEngine({ ...world, value: { similarity: 1, nope: -0.5 } });
  const service = createService({ ...world, people: world.people!, engine, ping: async () => {} });
  const post = async (route: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await service.fetch(new Request(`http://127.0.0.1/functions/v1/${route}`, request));
    return JSON.parse(await response.text());
  };
  const { recommendations } = await post("two_tower_recommendations", { user_id: "p00", limit: 5 });
  const values = recommendations.map(({ value }: { value: number }) => value);
  expect(values).toHaveLength(5);
  expect(values).toEqual(values.toSorted((a: number, b: number) => b - a));
  const [first] = recommendations;
  const { value, score } = await post("explain", { user_id: "p00", video_id: first.video_id });
  expect(value.total).toBeCloseTo(first.value, 6);
  expect(Object.keys(value.parts)).toEqual(["similarity", "nope"]);
  expect(value.parts.similarity).toBeCloseTo(score, 6);
  expect(value.parts.similarity + value.parts.nope).toBeCloseTo(value.total, 9);
  const openApi = await service.fetch(new Request("http://127.0.0.1/openapi.json"));
  const described = JSON.parse(await openApi.text());
  const { properties } = described.components.schemas.Explanation;
  expect(properties.value.properties.parts.propertyNames.enum).toEqual(valueParts);
  await engine.close();
});
