import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An object store that behaves as S3 does, as far as we use it, over real HTTP. */
export interface FakeS3 {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** By `bucket/path`. */
  readonly objects: Map<string, Uint8Array>;
  /** Parts of uploads that were neither finished nor thrown away, by upload. */
  readonly uploads: Map<string, Map<number, Uint8Array>>;
  /** `METHOD /path?query` of every request, in order. */
  readonly requests: string[];
  /** The next requests of a method are answered with HTTP 500. */
  fail(method: string, times: number): void;
  close(): Promise<void>;
}

/**
 * Starts an object store on a free port, with a bucket `futago-models`. It checks every signature by itself, gives at
 * most 100 keys a page, and takes no part below 5 MB but the last.
 *
 * @returns The store.
 */
export async function startFakeS3(): Promise<FakeS3> {
  const region = "eu-test-1";
  const accessKeyId = "AKIATEST";
  const secretAccessKey = "secret+for/tests";
  const objects = new Map<string, Uint8Array>();
  const uploads = new Map<string, Map<number, Uint8Array>>();
  const requests: string[] = [];
  const failing = new Map<string, number>();

  const answer = (request: IncomingMessage, response: ServerResponse, body: Uint8Array): unknown => {
    const left = failing.get(request.method!) ?? 0;
    failing.set(request.method!, left - 1);
    if (left > 0) return problem(response, 500, "InternalError");
    if (
      signatureOf(request, body, { region, accessKeyId, secretAccessKey }) !== request.headers.authorization
    ) {
      return problem(response, 403, "SignatureDoesNotMatch");
    }
    const { pathname, searchParams: query } = new URL(request.url!, "http://localhost");
    const key = decodeURIComponent(pathname.slice(1));
    if (!key.startsWith("futago-models")) return problem(response, 404, "NoSuchBucket");
    if (key === "futago-models") return xml(response, listing(query));
    const uploadId = query.get("uploadId");
    if (request.method === "POST" && query.has("uploads")) {
      const id = crypto.randomUUID();
      uploads.set(id, new Map());
      return xml(
        response,
        `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (uploadId !== null) return answerPart({ request, response, body, key, uploadId, query });
    if (request.method === "PUT") {
      objects.set(key, body);
      return response.writeHead(200, { etag: tagOf(body) }).end();
    }
    if (request.method === "DELETE") {
      objects.delete(key);
      return response.writeHead(204).end();
    }
    const found = objects.get(key);
    return found === undefined ? problem(response, 404, "NoSuchKey") : response.writeHead(200).end(found);
  };

  function answerPart(asked: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly body: Uint8Array;
    readonly key: string;
    readonly uploadId: string;
    readonly query: URLSearchParams;
  }): unknown {
    const { request, response, body, key, uploadId, query } = asked;
    const parts = uploads.get(uploadId);
    if (parts === undefined) return problem(response, 404, "NoSuchUpload");
    if (request.method === "DELETE") {
      uploads.delete(uploadId);
      return response.writeHead(204).end();
    }
    if (request.method === "PUT") {
      parts.set(Number(query.get("partNumber")), body);
      return response.writeHead(200, { etag: tagOf(body) }).end();
    }
    const ordered = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    const told = [...new TextDecoder().decode(body).matchAll(/<ETag>&quot;(\w+)&quot;<\/ETag>/g)].map(
      ([, tag]) => `"${tag}"`,
    );
    if (told.join() !== ordered.map(tagOf).join()) return problem(response, 400, "InvalidPart");
    // As S3 does it: the status was sent before it was known to fail.
    if (ordered.slice(0, -1).some((part) => part.length < 5 * 1024 * 1024))
      return problem(response, 200, "EntityTooSmall");
    objects.set(key, new Uint8Array(Buffer.concat(ordered)));
    uploads.delete(uploadId);
    return xml(response, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
  }

  function listing(query: URLSearchParams): string {
    const prefix = `futago-models/${query.get("prefix") ?? ""}`;
    const after = query.get("continuation-token") ?? "";
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const page = keys.slice(0, 100);
    const entries = page.map(
      (key) => `<Contents><Key>${encodeURIComponent(key.slice("futago-models/".length))}</Key></Contents>`,
    );
    const next =
      keys.length > 100 ? `<NextContinuationToken>${escaped(page.at(-1)!)}</NextContinuationToken>` : "";
    return `<ListBucketResult>${entries.join("")}${next}</ListBucketResult>`;
  }

  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    answer(request, response, new Uint8Array(Buffer.concat(chunks)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region,
    accessKeyId,
    secretAccessKey,
    objects,
    uploads,
    requests,
    fail: (method, times) => failing.set(method, times),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Signature version 4 as its documentation has it, from what arrived; undefined where the body is not what was signed. */
function signatureOf(
  request: IncomingMessage,
  body: Uint8Array,
  { region, accessKeyId, secretAccessKey }: { region: string; accessKeyId: string; secretAccessKey: string },
): string | undefined {
  const { headers, method, url } = request;
  const hash = headers["x-amz-content-sha256"];
  if (hash !== createHash("sha256").update(body).digest("hex")) return undefined;
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? "")?.[1]?.split(";") ?? [];
  const [path, search = ""] = url!.split("?");
  const canonical = [
    method,
    path,
    search
      .split("&")
      .filter((pair) => pair !== "")
      .sort()
      .join("&"),
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    names.join(";"),
    hash,
  ].join("\n");
  const time = String(headers["x-amz-date"]);
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, createHash("sha256").update(canonical).digest("hex")].join(
    "\n",
  );
  const sign = (key: string | Buffer, part: string): Buffer =>
    createHmac("sha256", key).update(part).digest();
  const key = scope.split("/").reduce<string | Buffer>(sign, `AWS4${secretAccessKey}`);
  const signature = createHmac("sha256", key).update(text).digest("hex");
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
}

function tagOf(bytes: Uint8Array): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function xml(response: ServerResponse, content: string, status = 200): unknown {
  return response
    .writeHead(status, { "content-type": "application/xml" })
    .end(`<?xml version="1.0" encoding="UTF-8"?>\n${content}`);
}

function problem(response: ServerResponse, status: number, code: string): unknown {
  return xml(response, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`, status);
}
