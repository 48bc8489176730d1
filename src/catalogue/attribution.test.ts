import { expect, test } from "vitest";
import { attributionsOf } from "./attribution.ts";

test("items of DMM ask for the credit of their site, once; others for none", () => {
  const ids = ["video-1", "dmm:DMM.com:digital:x:a", "dmm:FANZA:digital:videoa:a", "dmm:FANZA:mono:dvd:a"];
  expect(attributionsOf(ids).map(({ text }) => text)).toEqual([
    "Powered by DMM.com Webサービス",
    "Powered by FANZA Webサービス",
  ]);
  expect(attributionsOf(["video-1", "shop:dmm:FANZA:a"])).toEqual([]);
});
