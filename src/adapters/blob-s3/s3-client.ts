import { AwsV4Signer } from "aws4fetch";
import {
  type AnsweredBytes,
  type Fetch,
  FutagoError,
  type RequestOptions,
  requestBytes,
} from "../../base/mod.ts";
import { textsOf } from "./xml-text.ts";

/** Where the object store is and who asks. */
export interface S3ClientOptions extends RequestOptions {
  /** Without the bucket: `https://s3.eu-central-1.amazonaws.com`, `https://<ref>.storage.supabase.co/storage/v1/s3`. */
  readonly endpoint: string;
  /** As the endpoint expects it in a signature. */
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly fetch: Fetch;
}

/** A request before it is signed. */
export interface S3Request {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Within the bucket; empty: the bucket itself. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer and what S3 calls its failure. */
export interface S3Answer extends AnsweredBytes {
  /** `NoSuchKey`, `NoSuchBucket`, …; undefined for a success. */
  readonly code: string | undefined;
}

/** Asks an object store, signed. */
export interface S3Client {
  ask(request: S3Request): Promise<S3Answer>;
  /** What is thrown for an answer that is no success. */
  failure(act: string, path: string, answer: S3Answer): FutagoError;
}

/**
 * A client of one bucket, addressed in path style.
 *
 * @param options Endpoint, keys and `fetch`.
 * @returns The client.
 * @throws TypeError Where the endpoint is no URL.
 */
export function createS3Client(options: S3ClientOptions): S3Client {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = options;
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw new TypeError(
      "Cannot open the object store as its endpoint must be a URL such as https://s3.eu-central-1.amazonaws.com: check FUTAGO_S3_ENDPOINT",
    );
  }
  const root = `${endpoint.replace(/\/+$/, "")}/${bucket}`;
  const sign: Fetch = async (url, { signal, ...init } = {}) => {
    // At every attempt anew: a signature is good for a few minutes.
    const signer = new AwsV4Signer({
      method: init.method ?? "GET",
      url,
      headers: {
        ...(init.headers as Record<string, string>),
        "x-amz-content-sha256": await hashOf(init.body),
      },
      ...(init.body === undefined ? {} : { body: init.body }),
      accessKeyId,
      secretAccessKey,
      region,
      service: "s3",
    });
    const signed = await signer.sign();
    return options.fetch(signed.url.toString(), {
      ...init,
      headers: Object.fromEntries(signed.headers),
      ...(signal ? { signal } : {}),
    });
  };
  return {
    ask: async ({ method, path, query = {}, body, headers = {} }) => {
      const search = Object.entries(query)
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
        .join("&");
      const url = `${root}${path === "" ? "" : `/${path.split("/").map(encodePart).join("/")}`}${search && `?${search}`}`;
      const init = { method, headers: { ...headers }, ...(body === undefined ? {} : { body }) };
      const answer = await requestBytes(sign, { url, init }, options);
      return { ...answer, code: codeOf(answer) };
    },
    failure: (act, path, answer) => failure({ act, path, answer, bucket }),
  };
}

function codeOf({ status, bytes }: AnsweredBytes): string | undefined {
  if (status < 300) return undefined;
  return textsOf(new TextDecoder().decode(bytes), "Code")[0] ?? `HTTP ${status}`;
}

// As signature version 4 has it: stricter than encodeURIComponent.
function encodePart(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function hashOf(body: unknown): Promise<string> {
  const bytes =
    typeof body === "string" ? new TextEncoder().encode(body) : (body as Uint8Array<ArrayBuffer> | undefined);
  const digest = await crypto.subtle.digest("SHA-256", bytes ?? new Uint8Array(0));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function failure(failed: {
  readonly act: string;
  readonly path: string;
  readonly answer: S3Answer;
  readonly bucket: string;
}): FutagoError {
  const { act, path, bucket, answer } = failed;
  const { status, code } = answer;
  const begin = `Cannot ${act} "${path}" as`;
  if (code === "NoSuchBucket") {
    return new FutagoError(
      "storage_failed",
      `${begin} the bucket "${bucket}" must exist: it does not; make a private one of that name, or set FUTAGO_S3_BUCKET`,
      { details: { status, bucket, reason: "bucket_missing" } },
    );
  }
  if (status === 401 || status === 403) {
    return new FutagoError(
      "storage_failed",
      `${begin} the keys must be allowed to use the bucket "${bucket}": current answer is ${code}; ` +
        "check FUTAGO_S3_ACCESS_KEY_ID, FUTAGO_S3_SECRET_ACCESS_KEY and FUTAGO_S3_REGION",
      { details: { status, bucket, code, reason: "refused" } },
    );
  }
  return new FutagoError(
    "storage_failed",
    `${begin} the object store must allow it: current answer is ${code ?? status}; try again, or see its log`,
    { details: { status, bucket, code } },
  );
}
