import { describe, expect, test } from "vitest";
import { checkedDmmCredentials, scrubber } from "./dmm-credentials.ts";

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
