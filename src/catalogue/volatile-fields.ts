/**
 * Fields of an item that change from day to day without the item being another. A change of these alone is stored, and makes no
 * new vector: not by a sync, not by `embedCatalogue`.
 */
export const volatileFields: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "campaignEndsAt",
  "campaigns",
  "listPrice",
  "price",
  "priceFrom",
  "reviewAverage",
  "reviewCount",
  "stock",
]);
