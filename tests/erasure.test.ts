import { expect, test } from "vitest";
import { describeDatabases } from "../src/adapters/postgres/databases.conformance.ts";
import { FutagoError } from "../src/base/mod.ts";
import type { CatalogueStore } from "../src/catalogue/mod.ts";
import { tinyCatalogue } from "./tiny-model.ts";
import { tinyService } from "./tiny-service.ts";

const recommend = "/functions/v1/two_tower_recommendations";

describeDatabases("erasing a person through the service", (open) => {
  test("a process that has answered them knows nothing of them any more, with the database and without", async () => {
    const { catalogue, vectors, versions, people } = await open();
    await catalogue.putBatch(tinyCatalogue());
    let away = false;
    const store: CatalogueStore = {
      ...catalogue,
      history: async (personId, options) => {
        if (away) throw new FutagoError("database_unreachable", "Cannot read: the database is away");
        return catalogue.history(personId, options);
      },
    };
    const { deploy, engine, post } = tinyService({ people }, { store, vectors, versions });
    await deploy(1);
    await engine.refresh();
    const answers = async (user_id: string): Promise<number> => (await post(recommend, { user_id })).status;
    for (const user_id of ["p00", "p01"]) {
      await post("/functions/v1/blocks", { user_id, makers: ["maker 1"] });
      await post("/functions/v1/update_user_embedding", { user_id });
      expect(await answers(user_id)).toBe(200);
    }
    away = true;
    // Both are known from before.
    expect([await answers("p00"), await answers("p01")]).toEqual([200, 200]);
    away = false;
    const erased = await post("/functions/v1/erase_person", { user_id: "p00" });
    expect(erased.body).toMatchObject({ erased: true });
    expect(await people.export("p00")).toBeUndefined();
    expect([await answers("p00"), await answers("p01")]).toEqual([403, 200]);
    away = true;
    expect([await answers("p00"), await answers("p01")]).toEqual([503, 200]);
    await engine.close();
  });
});
