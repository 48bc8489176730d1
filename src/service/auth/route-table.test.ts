import { beforeAll, describe, expect, test } from "vitest";
import { createTableAsker, routeTable, type TableAsker, type Trusted } from "../../../tests/route-table.ts";
import { testNow } from "../../../tests/tiny-model.ts";
import { tinyService } from "../../../tests/tiny-service.ts";
import { legacySecret, newKey } from "../../../tests/token-issuer.ts";
import { allRoutes } from "../routes/all-routes.ts";
import { createAuthenticator } from "./create-authenticator.ts";

describe("[SV6] every route answers every kind of caller as the table says", () => {
  let world: ReturnType<typeof tinyService>;
  let asker: TableAsker;
  beforeAll(async () => {
    const trusted: Trusted = {
      issuer: await newKey("k1"),
      iss: "https://issuer.example",
      secret: legacySecret,
      serviceKeys: ["sb_secret_first", "sb_secret_second"],
      now: testNow / 1000,
    };
    const { issuer, iss, secret, serviceKeys } = trusted;
    world = tinyService({
      authenticator: createAuthenticator({
        serviceKeys,
        jwt: { jwks: { keys: [issuer.publicJwk] }, secret, issuer: iss },
        clock: { now: () => testNow },
        fetch,
      }),
      metrics: { observe: () => {}, expose: async () => ({ contentType: "text/plain", text: "" }) },
    });
    await world.deploy(1);
    asker = await createTableAsker(
      (path, init) => world.service.fetch(new Request(`http://localhost${path}`, init)),
      trusted,
    );
  });

  test("the table has every route", async () => {
    const { body } = await world.send("/openapi.json", {});
    const described = Object.keys(body["paths"] as object);
    expect(new Set(routeTable.map(({ path }) => path))).toEqual(
      new Set([...described, ...allRoutes.map(({ path }) => path), "/", "/openapi.json", "/nowhere"]),
    );
  });

  test.each(
    routeTable.map((row) => [row.method, row.path, JSON.stringify(row.body?.("…")) ?? "", row] as const),
  )("%s %s %s", async (_, __, ___, row) => {
    expect(await asker.ask(row)).toEqual(row.answers);
  });

  test("and nothing of it is in the log", () => {
    expect(world.logged.length).toBeGreaterThan(500);
    expect(JSON.stringify(world.logged)).not.toMatch(/table-|\bv\d\d\b|eyJ|sb_/);
  });
});
