import { describe, expect, test } from "vitest";
import type { Person } from "./person.ts";
import type { CatalogueStore } from "./store.ts";

/**
 * What every {@link CatalogueStore} does with what people say of themselves, as tests.
 *
 * @param filled Gives a store that knows `viewer-1`, and neither `stranger` nor `another`.
 */
export function testDeclarations(filled: () => Promise<CatalogueStore>): void {
  describe("what a person says of themselves", () => {
    const readOf = async (store: CatalogueStore, id: string) =>
      (await store.history(id, { limit: 1 }))?.person;

    test("[CA11] is merged into what is known, read with them, and kept through imports", async () => {
      const store = await filled();
      const before = (await readOf(store, "viewer-1"))!;
      expect(before).not.toHaveProperty("taste");
      await store.declare("viewer-1", {
        taste: { genres: ["sea", "sea", "七海 ' \"\\"], maker: ["Minato"] },
      });
      await store.declare("viewer-1", { taste: { maker: [] }, fields: { region: "north" } });
      await store.declare("viewer-1", {});
      await store.declare("viewer-1", { taste: {} });
      const taste = { genres: ["sea", "七海 ' \"\\"], maker: [] };
      const said = { ...before, fields: { ...before.fields, region: "north" }, taste };
      expect(await readOf(store, "viewer-1")).toEqual(said);
      expect((await everybody(store)).find(({ id }) => id === "viewer-1")).toEqual(said);
      await store.putPeople([before]);
      expect(await readOf(store, "viewer-1")).toEqual({ ...before, taste });
    });

    test("gives somebody new a profile without a confirmed age", async () => {
      const store = await filled();
      await store.declare("stranger", { fields: { ageRange: "30s" } });
      expect(await readOf(store, "stranger")).toEqual({ id: "stranger", fields: { ageRange: "30s" } });
      await store.declare("another", { taste: { genres: ["sea"] } });
      expect(await readOf(store, "another")).toEqual({
        id: "another",
        fields: {},
        taste: { genres: ["sea"] },
      });
    });

    test("of too many values, or of one that is too long or empty, is refused", async () => {
      const store = await filled();
      const many = Array.from({ length: 101 }, (_, i) => `${i}`);
      for (const genres of [many, [""], ["x".repeat(201)]]) {
        await expect(store.declare("viewer-1", { taste: { genres } })).rejects.toThrow(RangeError);
      }
      expect(await readOf(store, "viewer-1")).not.toHaveProperty("taste");
    });
  });
}

async function everybody(store: CatalogueStore): Promise<Person[]> {
  const people: Person[] = [];
  for await (const page of store.people()) people.push(...page);
  return people;
}
