import type { FieldValue, Item } from "./item.ts";

/** What filters, blocks and take-downs look at. */
export interface ItemFacts {
  readonly genres: readonly string[];
  readonly performers: readonly string[];
  readonly maker?: string;
  readonly price?: number;
}

/**
 * An item's genres, performers, maker and price, where its fields hold them in their usual form: lists of names (or one name
 * alone), a name and a finite number. A field in another form says nothing here.
 *
 * @param item Any item.
 * @returns Empty lists and absent members for what is not known.
 */
export function itemFacts(item: Item): ItemFacts {
  const { genres, performers, maker, price } = item.fields;
  return {
    genres: names(genres),
    performers: names(performers),
    ...(typeof maker === "string" ? { maker } : {}),
    ...(Number.isFinite(price) ? { price: price as number } : {}),
  };
}

function names(value: FieldValue | undefined): readonly string[] {
  if (typeof value === "string" && value !== "") return [value];
  return Array.isArray(value) && value.every((name) => typeof name === "string") ? value : [];
}
