import {
  type AnsweredBytes,
  type Fetch,
  FutagoError,
  type RequestOptions,
  requestBytes,
} from "../../base/mod.ts";

/** Where the storage is and who asks. */
export interface StorageClientOptions extends RequestOptions {
  /** Of the project: `https://<ref>.supabase.co`. */
  readonly url: string;
  /** A secret key (`sb_secret_…`) or the older service role key. */
  readonly key: string;
  readonly bucket: string;
  readonly fetch: Fetch;
}

/** What an answer of the storage says went wrong. */
export interface StorageProblem {
  /** As the body says it: the storage answers most failures with HTTP 400. */
  readonly status: number;
  readonly missing: "object" | "bucket" | undefined;
}

/** An answer with what its body says of a failure. */
export interface StorageAnswer extends AnsweredBytes {
  readonly problem: StorageProblem;
}

/** Asks the storage of a project, with its key. */
export interface StorageClient {
  readonly bucket: string;
  readonly options: StorageClientOptions;
  /** Asks below `/storage/v1/`, again where the network or the server fails. */
  ask(path: string, init: RequestInit, options?: RequestOptions): Promise<StorageAnswer>;
  /** Asks an address that an earlier answer named; only its path counts, so that the key stays with this project. */
  askLocation(location: string, init: RequestInit, options?: RequestOptions): Promise<StorageAnswer>;
  /** What is thrown for an answer that is no success. */
  failure(act: string, path: string, answer: StorageAnswer): FutagoError;
}

/**
 * A client of one bucket.
 *
 * @param options Project, key, bucket and `fetch`.
 * @returns The client.
 * @throws TypeError Where the address is no URL.
 */
export function createStorageClient(options: StorageClientOptions): StorageClient {
  const { key, bucket, fetch } = options;
  const root = rootOf(options.url);
  // A secret key is no token: only the header `apikey` takes it. The older service role key is one, and goes on both.
  const headers = { apikey: key, ...(key.startsWith("sb_") ? {} : { authorization: `Bearer ${key}` }) };
  const ask = async (url: string, init: RequestInit, own: RequestOptions): Promise<StorageAnswer> => {
    const request = {
      url,
      init: { ...init, headers: { ...(init.headers as Record<string, string>), ...headers } },
    };
    const answer = await requestBytes(fetch, request, { ...options, ...own });
    return { ...answer, problem: problemOf(answer) };
  };
  return {
    bucket,
    options,
    ask: (path, init, own = {}) => ask(`${root}/storage/v1/${path}`, init, own),
    askLocation: (location, init, own = {}) => {
      const { pathname, search } = new URL(location, `${root}/storage/v1/upload/resumable/`);
      return ask(`${new URL(root).origin}${pathname}${search}`, init, own);
    },
    failure: (act, path, { problem }) => failure({ act, path, problem, bucket }),
  };
}

function rootOf(url: string): string {
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return url.replace(/\/+$/, "");
  throw new TypeError(
    "Cannot open the storage as its address must be a URL such as https://<ref>.supabase.co: check SUPABASE_URL",
  );
}

function problemOf({ status, bytes }: AnsweredBytes): StorageProblem {
  if (status < 400) return { status, missing: undefined };
  const text = new TextDecoder().decode(bytes);
  // { "statusCode": "404", "error": "not_found", "message": "Object not found" } under HTTP 400; plain text from uploads.
  const told = Number(/"statusCode":\s*"?(\d{3})\b/.exec(text)?.[1]);
  const meant = told >= 400 ? told : status;
  const bucket = text.includes("Bucket not found");
  return { status: meant, missing: meant !== 404 ? undefined : bucket ? "bucket" : "object" };
}

function failure(failed: {
  readonly act: string;
  readonly path: string;
  readonly problem: StorageProblem;
  readonly bucket: string;
}): FutagoError {
  const { act, path, bucket, problem } = failed;
  const { status } = problem;
  const details = { status, bucket };
  const begin = `Cannot ${act} "${path}" as`;
  if (problem.missing === "bucket") {
    return new FutagoError(
      "storage_failed",
      `${begin} the bucket "${bucket}" must exist: it does not; make a private one of that name, or set FUTAGO_BUCKET`,
      { details: { ...details, reason: "bucket_missing" } },
    );
  }
  if (status === 401 || status === 403) {
    return new FutagoError(
      "storage_failed",
      `${begin} the key must be allowed to use the bucket "${bucket}": current answer is ${status}; check SUPABASE_SECRET_KEY`,
      { details: { ...details, reason: "refused" } },
    );
  }
  if (status === 413) {
    return new FutagoError(
      "storage_failed",
      `${begin} it must not be larger than the bucket takes: current answer is 413; raise the file limit of the project or the bucket`,
      { details: { ...details, reason: "too_large" } },
    );
  }
  return new FutagoError(
    "storage_failed",
    `${begin} the storage must allow it: current answer is ${status}; try again, or see the storage's log`,
    { details },
  );
}
