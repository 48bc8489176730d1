import { describe, expect, test } from "vitest";
import { dmmLink } from "./dmm-link.ts";

describe("dmmLink", () => {
  const item = {
    id: "dmm:FANZA:digital:videoa:a",
    title: "A",
    fields: { url: "https://video.example/?id=a&b=1" },
  };

  test("leads to the product's page by the id for links", () => {
    expect(dmmLink(item, "shown-001")).toBe(
      "https://al.fanza.co.jp/?lurl=https%3A%2F%2Fvideo.example%2F%3Fid%3Da%26b%3D1&af_id=shown-001&ch=api",
    );
    expect(dmmLink({ ...item, id: "dmm:DMM.com:digital:x:a" }, "shown-001")).toMatch(
      /^https:\/\/al\.dmm\.com\//,
    );
    expect(dmmLink({ ...item, fields: {} }, "shown-001")).toBeUndefined();
  });

  test("[CS9] refuses the id that is for the API alone", () => {
    expect(() => dmmLink(item, "neverseen-990")).toThrow(TypeError);
    expect(() => dmmLink(item, "")).toThrow(TypeError);
  });
});
