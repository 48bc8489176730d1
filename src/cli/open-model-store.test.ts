import { expect, test } from "vitest";
import { openModelStore } from "./open-model-store.ts";

test("a variable that is missing is named, whichever store is asked for", () => {
  const supabase = { SUPABASE_URL: "https://abcdefgh.supabase.co" };
  const s3 = { FUTAGO_S3_ENDPOINT: "https://s3.example", FUTAGO_S3_REGION: "eu", FUTAGO_BUCKET: "b" };
  expect(() => openModelStore("supabase", {})).toThrow(/SUPABASE_URL must be set/);
  expect(() => openModelStore("supabase", supabase)).toThrow(/SUPABASE_SECRET_KEY must be set/);
  expect(() => openModelStore("s3", {})).toThrow(/FUTAGO_S3_ENDPOINT must be set/);
  expect(() => openModelStore("s3", s3)).toThrow(/FUTAGO_S3_ACCESS_KEY_ID must be set/);
  openModelStore("supabase", { ...supabase, SUPABASE_SERVICE_ROLE_KEY: "eyJ" });
  openModelStore("s3", { ...s3, FUTAGO_S3_ACCESS_KEY_ID: "id", FUTAGO_S3_SECRET_ACCESS_KEY: "secret" });
});
