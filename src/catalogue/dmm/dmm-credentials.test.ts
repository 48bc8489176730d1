import { describe, expect, test } from "vitest";
import { checkedDmmCredentials, scrubber } from "./dmm-credentials.ts";
import { attributionOf, dmmLink } from "./dmm-links.ts";

const credentials = { apiId: "Qx7/Secret+Key", affiliateId: "neverseen-990" };

describe("checkedDmmCredentials", () => {
  test.each([
    { ...credentials, apiId: "" },
    { ...credentials, apiId: "a b c d e" },
    { ...credentials, affiliateId: "neverseen-001" },
    { ...credentials, affiliateId: "-990" },
    { ...credentials, affiliateId: "neverseen-9900" },
  ])("refuses %j, and does not repeat it", (wrong) => {
    let error: unknown;
    try {
      checkedDmmCredentials(wrong);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(TypeError);
    expect(String((error as Error).stack)).not.toMatch(/neverseen|a b c d e/);
  });

  test.each([0, 5, 9])("takes an affiliate id that ends in -99%i", (digit) => {
    expect(checkedDmmCredentials({ ...credentials, affiliateId: `a-b-99${digit}` }).affiliateId).toBe(
      `a-b-99${digit}`,
    );
  });
});

test("scrubber() takes the credentials out of any depth, also URL-encoded, and leaves all else as it is", () => {
  const scrub = scrubber(credentials);
  const dirty = {
    id: 1,
    url: `https://x.example/?a=${encodeURIComponent(credentials.apiId)}&b=neverseen-990`,
    deep: [{ text: `${credentials.apiId}` }, null, true],
  };
  const text = JSON.stringify(scrub(dirty));
  expect(text).not.toMatch(/Secret|neverseen/);
  expect(text.match(/\[redacted\]/g)).toHaveLength(3);
  const clean = { fields: { genres: ["a"] } };
  expect(scrub(clean)).toBe(clean);
});

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

test("every item of DMM has the credit of its site, and no other item has", () => {
  expect(attributionOf("dmm:FANZA:digital:videoa:a")?.text).toContain("FANZA");
  expect(attributionOf("dmm:DMM.com:digital:x:a")?.text).toContain("DMM.com");
  expect(attributionOf("video-1")).toBeUndefined();
});
