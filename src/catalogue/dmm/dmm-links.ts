import type { Item } from "../item.ts";

/** A credit that has to be shown wherever items of a source are. */
export interface Attribution {
  readonly text: string;
  readonly url: string;
}

/** The credits that the terms of the DMM Web service ask for, by site: on every page or screen that shows its data. */
export const dmmAttribution: Readonly<Record<"FANZA" | "DMM.com", Attribution>> = Object.freeze({
  FANZA: Object.freeze({ text: "Powered by FANZA Webサービス", url: "https://affiliate.dmm.com/api/" }),
  "DMM.com": Object.freeze({ text: "Powered by DMM.com Webサービス", url: "https://affiliate.dmm.com/api/" }),
});

/**
 * The credit of an item, if it came from DMM.
 *
 * @param itemId Of any item.
 * @returns The credit; undefined for items of other sources.
 *
 * @example
 * ```ts
 * import { attributionOf } from "futago";
 * attributionOf("dmm:FANZA:digital:videoa:abc00123")?.url; // "https://affiliate.dmm.com/api/"
 * ```
 */
export function attributionOf(itemId: string): Attribution | undefined {
  if (itemId.startsWith("dmm:FANZA:")) return dmmAttribution.FANZA;
  return itemId.startsWith("dmm:DMM.com:") ? dmmAttribution["DMM.com"] : undefined;
}

/**
 * The link to an item that people are shown. The links that the API gives carry the id of its client and are not for
 * people, so they are not kept; this one is made from the product's page and an id for links.
 *
 * @param item Of the DMM catalogue.
 * @param linkAffiliateId The affiliate id for links, which does not end in -990 to -999: `DMM_LINK_AFFILIATE_ID`.
 * @returns The link; undefined where the item's page is not known.
 * @throws TypeError For an id that is for the API, or is none.
 */
export function dmmLink(item: Item, linkAffiliateId: string): string | undefined {
  if (!/^[\w-]{1,100}$/.test(linkAffiliateId) || /-99[0-9]$/.test(linkAffiliateId)) {
    throw new TypeError(
      "Cannot make a link as it needs an affiliate id for links, which does not end in -990 to -999: set DMM_LINK_AFFILIATE_ID",
    );
  }
  const { url } = item.fields;
  if (typeof url !== "string") return undefined;
  const host = item.id.startsWith("dmm:FANZA:") ? "al.fanza.co.jp" : "al.dmm.com";
  return `https://${host}/?${new URLSearchParams({ lurl: url, af_id: linkAffiliateId, ch: "api" })}`;
}
