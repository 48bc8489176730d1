import { resolve } from "node:path";
import { createFileBlobStore } from "../adapters/blob-fs/mod.ts";
import { createS3BlobStore } from "../adapters/blob-s3/mod.ts";
import {
  createSupabaseBlobStore,
  makeSupabaseBucket,
  type StorageClientOptions,
} from "../adapters/blob-supabase/mod.ts";
import { type BlobStore, FutagoError } from "../base/mod.ts";

/** The environment, as far as it says where models are. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where instances read models from.
 *
 * @param where `supabase`, `s3` or a directory.
 * @param env Addresses and keys: `SUPABASE_URL`, `SUPABASE_SECRET_KEY`, `FUTAGO_BUCKET`, `FUTAGO_S3_…`.
 * @returns The store; nothing was asked of it yet.
 * @throws FutagoError `storage_failed` naming the variable that is missing.
 */
export function openModelStore(where: string, env: Environment): BlobStore {
  const required = requiredIn(env, where);
  if (where === "supabase") return createSupabaseBlobStore(supabaseOptions(env));
  if (where === "s3") {
    return createS3BlobStore({
      endpoint: required("FUTAGO_S3_ENDPOINT"),
      region: required("FUTAGO_S3_REGION"),
      bucket: required("FUTAGO_S3_BUCKET", "FUTAGO_BUCKET"),
      accessKeyId: required("FUTAGO_S3_ACCESS_KEY_ID"),
      secretAccessKey: required("FUTAGO_S3_SECRET_ACCESS_KEY"),
      fetch,
    });
  }
  return createFileBlobStore(resolve(where));
}

/**
 * Makes what a first deployment needs: on Supabase the bucket, private, where it is missing.
 *
 * @param where As for {@link openModelStore}.
 * @param env As for {@link openModelStore}.
 */
export async function makeModelStore(where: string | undefined, env: Environment): Promise<void> {
  if (where === "supabase") await makeSupabaseBucket(supabaseOptions(env));
}

function supabaseOptions(env: Environment): StorageClientOptions {
  const required = requiredIn(env, "supabase");
  return {
    url: required("SUPABASE_URL"),
    key: required("SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"),
    bucket: env["FUTAGO_BUCKET"] || "futago-models",
    fetch,
  };
}

function requiredIn(env: Environment, where: string): (name: string, ...others: readonly string[]) => string {
  return (name, ...others) => {
    const value = [name, ...others].map((each) => env[each]).find((each) => each);
    if (value !== undefined) return value;
    throw new FutagoError(
      "storage_failed",
      `Cannot use the models in ${where} as ${name} must be set: it is not; set it, or see futago models deploy --help`,
      { details: { variable: name } },
    );
  };
}
