import type { Item, Person, Taste } from "../catalogue/mod.ts";
import { categoriesOf, rawValue } from "./field-value.ts";
import type { FeatureSchema } from "./schema.ts";

/**
 * The fields of a person, with what they said they like as `taste`: what `Histories.fields` holds.
 *
 * @param person Anybody.
 * @returns Their fields as they are where no taste was declared.
 */
export function fieldsOf({ fields, taste }: Person): Readonly<Record<string, unknown>> {
  return taste === undefined ? fields : { ...fields, taste };
}

/**
 * The rows of a table that a declared taste names.
 *
 * @param fields Of a person, as {@link fieldsOf} gave them; whatever `taste` holds.
 * @param field The item field whose values count.
 * @param rows Row by value.
 * @returns Each row once; values that fitting never saw have none.
 */
export function declaredRows(
  fields: Readonly<Record<string, unknown>>,
  field: string,
  rows: ReadonlyMap<string, number>,
): readonly number[] {
  // What a store holds may be anything.
  const taste = (fields as { readonly taste?: Taste } | null)?.taste;
  if (typeof taste !== "object" || taste === null || !Object.hasOwn(taste, field)) return [];
  return categoriesOf(taste[field]).flatMap((value) => rows.get(value) ?? []);
}

/**
 * The item fields of which a schema reads what viewers say they like.
 *
 * @param schema Any.
 * @returns Each once; empty where no feature reads a declared taste.
 */
export function tasteFields(schema: FeatureSchema): readonly string[] {
  const fields = schema.user.flatMap((feature) => {
    if (feature.kind !== "distribution" || feature.declared === undefined) return [];
    const of = schema.item.find(({ name }) => name === feature.of);
    return of?.kind === "bag" || of?.kind === "category" ? [of.field] : [];
  });
  return [...new Set(fields)];
}

/**
 * The values of an item's field, as they may be declared.
 *
 * @param item Any.
 * @param field Its name.
 * @returns Each once.
 */
export function valuesOf(item: Item, field: string): readonly string[] {
  return categoriesOf(rawValue(item, field));
}
