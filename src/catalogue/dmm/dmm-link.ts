import type { Item } from "../item.ts";

/**
 * The link to an item that people are shown. The links that the API gives carry the id of its client and are not for
 * people, so they are not kept; this one is made from the product's page and an id for links.
 *
 * @param item Of the DMM catalogue.
 * @param linkAffiliateId The affiliate id for links, which does not end in -990 to -999; never that of the API.
 * @returns The link; undefined where the item's page is not known.
 * @throws TypeError For an id that is for the API, or is none.
 */
export function dmmLink(item: Item, linkAffiliateId: string): string | undefined {
  if (!/^[\w-]{1,100}$/.test(linkAffiliateId) || /-99[0-9]$/.test(linkAffiliateId)) {
    throw new TypeError(
      "Cannot make a link as it needs an affiliate id for links, which does not end in -990 to -999: ask the affiliate programme for one",
    );
  }
  const { url } = item.fields;
  if (typeof url !== "string") return undefined;
  const host = item.id.startsWith("dmm:FANZA:") ? "al.fanza.co.jp" : "al.dmm.com";
  return `https://${host}/?${new URLSearchParams({ lurl: url, af_id: linkAffiliateId, ch: "api" })}`;
}
