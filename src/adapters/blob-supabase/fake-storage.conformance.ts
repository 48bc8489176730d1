import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createFakeUploads } from "./fake-uploads.conformance.ts";

/** What goes wrong with the next requests that match. */
export interface StorageFault {
  /**
   * `down`: the connection is cut before an answer; `error`: HTTP 500; `slow`: answers after `delayMs`; `truncated`: half
   * of the body, then the connection is cut; `short`: half of the body as if it were all; `bit_flip`: one bit of the body is wrong.
   */
  readonly kind: "down" | "error" | "slow" | "truncated" | "short" | "bit_flip";
  /** How many requests. @default 1 */
  readonly times?: number;
  /** @default any */
  readonly method?: string;
  /** Part of the path. @default any */
  readonly path?: string;
  /** @default 200 */
  readonly delayMs?: number;
}

/** A blob as the storage keeps it. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly cacheControl: string;
}

/** A storage that behaves as Supabase's does, as far as we use it, over real HTTP. */
export interface FakeStorage {
  /** Of the "project": `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly key: string;
  /** By `bucket/path`. */
  readonly objects: Map<string, StoredObject>;
  readonly buckets: Set<string>;
  /** `METHOD /path` of every request, in order. */
  readonly requests: string[];
  /** Lets something go wrong. */
  fail(fault: StorageFault): void;
  /** Nothing goes wrong any more. */
  mend(): void;
  /** Forgets the uploads that have begun, as happens a day later. */
  expireUploads(): void;
  close(): Promise<void>;
}

/** A request being answered. */
export interface StorageExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Uint8Array;
  readonly segments: readonly string[];
}

/**
 * Starts a storage on a free port, with an empty bucket `futago-models`.
 *
 * What it has of the real one: failures are HTTP 400 with the meant status in the body; overwriting without `x-upsert` is
 * `Duplicate`; a list gives one folder, up to 100 entries unless told otherwise, folders without an id; a secret key is
 * refused as a bearer token; resumable uploads take parts of exactly 6 MB.
 *
 * @returns The storage.
 */
export async function startFakeStorage(): Promise<FakeStorage> {
  const objects = new Map<string, StoredObject>();
  const buckets = new Set(["futago-models"]);
  const requests: string[] = [];
  const key = "sb_secret_for-tests-only";
  let faults: { fault: StorageFault; left: number }[] = [];
  const uploads = createFakeUploads({ objects, buckets });

  const takeFault = (request: IncomingMessage): StorageFault | undefined => {
    const found = faults.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.method === undefined || fault.method === request.method) &&
        (fault.path === undefined || decodeURIComponent(request.url!).includes(fault.path)),
    );
    if (found !== undefined) found.left--;
    return found?.fault;
  };

  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const fault = takeFault(request);
    if (fault?.kind === "down" && request.method !== "PATCH") return request.socket.destroy();
    if (fault?.kind === "error")
      return problem(response, { status: 500, error: "internal", message: "Internal" });
    if (fault?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 200));
    if (fault !== undefined) spoil(response, fault.kind);
    const path = new URL(request.url!, "http://localhost").pathname;
    const segments = path.split("/").slice(1).map(decodeURIComponent);
    if (segments[0] !== "storage" || segments[1] !== "v1") {
      return problem(response, { status: 404, error: "not_found", message: `Route ${path} not found` });
    }
    if (request.headers.apikey !== key) {
      return problem(response, { status: 403, error: "Unauthorized", message: "Invalid Compact JWS" });
    }
    if (request.headers.authorization?.includes("sb_secret_")) {
      return problem(response, { status: 403, error: "Unauthorized", message: "Invalid Compact JWS" });
    }
    const body = await read(request);
    const exchange = { request, response, body, segments: segments.slice(2) };
    if (segments[2] === "upload") return uploads.answer(exchange, { cut: fault?.kind === "down" });
    if (segments[2] === "object") return answerObject(exchange);
    if (segments[2] === "bucket" && request.method === "POST") {
      const asked = JSON.parse(text(body)) as { name: string; public: boolean };
      if (buckets.has(asked.name)) return problem(response, duplicate);
      if (asked.public)
        return problem(response, { status: 400, error: "Error", message: "These hold models: private" });
      buckets.add(asked.name);
      return json(response, { name: asked.name });
    }
    return problem(response, { status: 404, error: "not_found", message: `Route ${path} not found` });
  });

  function answerObject({ request, response, body, segments }: StorageExchange): ServerResponse {
    const method = request.method;
    const [, second, third] = segments;
    const listing = method === "POST" && second === "list" && segments.length === 3;
    const bucket = listing || second === "authenticated" ? third! : second!;
    if (!buckets.has(bucket)) return problem(response, bucketMissing);
    if (listing) return json(response, listFolder(bucket, JSON.parse(text(body)) as ListRequest));
    if (method === "DELETE" && segments.length === 2) {
      const { prefixes } = JSON.parse(text(body)) as { prefixes: string[] };
      if (prefixes.length === 0 || prefixes.length > 1000) {
        return problem(response, {
          status: 400,
          error: "Error",
          message: "prefixes must hold 1 to 1000 items",
        });
      }
      return json(
        response,
        prefixes.filter((name) => objects.delete(`${bucket}/${name}`)).map((name) => ({ name })),
      );
    }
    if (method === "GET" && second === "authenticated") {
      const found = objects.get(`${bucket}/${segments.slice(3).join("/")}`);
      if (found === undefined)
        return problem(response, { status: 404, error: "not_found", message: "Object not found" });
      return response
        .writeHead(200, { "cache-control": found.cacheControl, "content-length": found.bytes.length })
        .end(found.bytes);
    }
    if (method === "POST") {
      const path = `${bucket}/${segments.slice(2).join("/")}`;
      if (objects.has(path) && request.headers["x-upsert"] !== "true") return problem(response, duplicate);
      if (body.length > 50 * 1024 * 1024) return problem(response, tooLarge);
      objects.set(path, { bytes: body, cacheControl: request.headers["cache-control"] ?? "no-cache" });
      return json(response, { Key: path, Id: crypto.randomUUID() });
    }
    return problem(response, { status: 404, error: "not_found", message: "Route not found" });
  }

  function listFolder(bucket: string, { prefix = "", limit = 100, offset = 0 }: ListRequest): ListEntry[] {
    const below = `${bucket}/${prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`}`;
    const entries = new Map<string, ListEntry>();
    for (const path of objects.keys()) {
      if (!path.startsWith(below)) continue;
      const rest = path.slice(below.length);
      const name = rest.split("/")[0]!;
      // An object and a folder may have one name.
      entries.set(rest === name ? name : `${name}/`, { name, id: rest === name ? `id-of-${path}` : null });
    }
    const sorted = [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return sorted.slice(offset, offset + Math.min(limit, 1000));
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key,
    objects,
    buckets,
    requests,
    fail: (fault) => faults.push({ fault, left: fault.times ?? 1 }),
    mend: () => {
      faults = [];
    },
    expireUploads: uploads.expire,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface ListRequest {
  readonly prefix?: string;
  readonly limit?: number;
  readonly offset?: number;
}

interface ListEntry {
  readonly name: string;
  readonly id: string | null;
}

/** What a failure says. */
export interface StorageProblem {
  readonly status: number;
  readonly error: string;
  readonly message: string;
}

/** The answers that more than one route gives. */
export const bucketMissing: StorageProblem = {
  status: 404,
  error: "Bucket not found",
  message: "Bucket not found",
};
export const duplicate: StorageProblem = {
  status: 409,
  error: "Duplicate",
  message: "The resource already exists",
};
const tooLarge = {
  status: 413,
  error: "Payload too large",
  message: "The object exceeded the maximum allowed size",
};

function problem(response: ServerResponse, { status, error, message }: StorageProblem): ServerResponse {
  // The status that is meant stands in the body alone.
  return response
    .writeHead(status === 500 ? 500 : 400, { "content-type": "application/json" })
    .end(JSON.stringify({ statusCode: String(status), error, message }));
}

function json(response: ServerResponse, value: unknown): ServerResponse {
  return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function spoil(response: ServerResponse, kind: StorageFault["kind"]): void {
  const end = response.end.bind(response) as (bytes?: Uint8Array) => ServerResponse;
  response.end = ((bytes: Uint8Array | string = new Uint8Array(0)) => {
    const whole = new Uint8Array(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    if (kind === "bit_flip") {
      if (whole.length > 0) whole[whole.length >> 1]! ^= 1;
      return end(whole);
    }
    if (kind === "truncated") {
      response.write(whole.subarray(0, whole.length >> 1), () => response.socket?.destroy());
      return response;
    }
    return end(whole);
  }) as typeof response.end;
  if (kind !== "short") return;
  const writeHead = response.writeHead.bind(response) as (status: number, headers: object) => ServerResponse;
  response.writeHead = ((status: number, headers: Record<string, string | number>) => {
    const { "content-length": _, ...others } = headers;
    return writeHead(status, others);
  }) as typeof response.writeHead;
  response.end = ((bytes: Uint8Array | string) =>
    end(new Uint8Array(Buffer.from(bytes).subarray(0, bytes.length >> 1)))) as typeof response.end;
}

async function read(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return new Uint8Array(Buffer.concat(chunks));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
