/** A credit that has to be shown wherever items of a source are. */
export interface Attribution {
  readonly text: string;
  readonly url: string;
}

/** The credits that the terms of the DMM Web service ask for, by site: on every page or screen that shows its data. */
export const dmmAttribution: Readonly<Record<"FANZA" | "DMM.com", Attribution>> =
  /* @__PURE__ */ Object.freeze({
    FANZA: /* @__PURE__ */ Object.freeze({
      text: "Powered by FANZA Webサービス",
      url: "https://affiliate.dmm.com/api/",
    }),
    "DMM.com": /* @__PURE__ */ Object.freeze({
      text: "Powered by DMM.com Webサービス",
      url: "https://affiliate.dmm.com/api/",
    }),
  });

/**
 * The credits that some items ask for, each once.
 *
 * @param itemIds Of any items; those of other sources ask for none.
 * @returns The credits; empty where there are none.
 *
 * @example
 * ```ts
 * import { attributionsOf } from "futago";
 * attributionsOf(["dmm:FANZA:digital:videoa:abc00123", "video-1"]).map(({ url }) => url); // ["https://affiliate.dmm.com/api/"]
 * ```
 */
export function attributionsOf(itemIds: Iterable<string>): Attribution[] {
  const credits = new Set<Attribution>();
  for (const id of itemIds) {
    if (id.startsWith("dmm:FANZA:")) credits.add(dmmAttribution.FANZA);
    else if (id.startsWith("dmm:DMM.com:")) credits.add(dmmAttribution["DMM.com"]);
  }
  return [...credits];
}
