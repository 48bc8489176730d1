import {
  bucketMissing,
  duplicate,
  type StorageExchange,
  type StoredObject,
} from "./fake-storage.conformance.ts";

const part = 6 * 1024 * 1024;

interface Upload {
  readonly path: string;
  readonly length: number;
  readonly cacheControl: string;
  readonly upsert: boolean;
  bytes: Uint8Array;
  busy: boolean;
}

/** The resumable uploads of a fake storage: the tus protocol as Supabase speaks it. */
export interface FakeUploads {
  /** `cut`: the connection breaks when half of a part has arrived. */
  answer(exchange: StorageExchange, options: { readonly cut: boolean }): unknown;
  expire(): void;
}

/**
 * Resumable uploads over the objects of a fake storage.
 *
 * @param storage Where finished uploads go.
 * @returns What answers below `upload/`.
 */
export function createFakeUploads(storage: {
  readonly objects: Map<string, StoredObject>;
  readonly buckets: ReadonlySet<string>;
}): FakeUploads {
  const uploads = new Map<string, Upload>();

  function begin({ request, response }: StorageExchange): unknown {
    const metadata = new Map(
      String(request.headers["upload-metadata"])
        .split(",")
        .map((pair) => pair.split(" ") as [string, string])
        .map(([name, value]) => [name, Buffer.from(value, "base64").toString()]),
    );
    const bucket = metadata.get("bucketName") ?? "";
    const path = `${bucket}/${metadata.get("objectName")}`;
    const upsert = request.headers["x-upsert"] === "true";
    if (!storage.buckets.has(bucket)) return plain(response, bucketMissing);
    if (storage.objects.has(path) && !upsert) return plain(response, duplicate);
    const id = crypto.randomUUID();
    uploads.set(id, {
      path,
      length: Number(request.headers["upload-length"]),
      cacheControl: `max-age=${metadata.get("cacheControl")}`,
      upsert,
      bytes: new Uint8Array(0),
      busy: false,
    });
    // Behind a proxy the real one names an inner host here.
    return response
      .writeHead(201, {
        location: `http://storage.internal/storage/v1/upload/resumable/${id}`,
        "tus-resumable": "1.0.0",
      })
      .end();
  }

  function append({ request, response, body, segments }: StorageExchange, cut: boolean): unknown {
    const upload = uploads.get(segments[2]!)!;
    if (Number(request.headers["upload-offset"]) !== upload.bytes.length) {
      return plain(response, { status: 409, message: "Upload-Offset conflict" });
    }
    if (body.length > part || (body.length < part && upload.bytes.length + body.length < upload.length)) {
      return plain(response, { status: 400, message: "A part must have exactly 6 MB" });
    }
    const arrived = cut ? body.subarray(0, body.length >> 1) : body;
    upload.bytes = new Uint8Array(Buffer.concat([upload.bytes, arrived]));
    if (cut) {
      return request.socket.destroy();
    }
    if (upload.bytes.length === upload.length) {
      if (storage.objects.has(upload.path) && !upload.upsert) return plain(response, duplicate);
      storage.objects.set(upload.path, { bytes: upload.bytes, cacheControl: upload.cacheControl });
      uploads.delete(segments[2]!);
    }
    return response
      .writeHead(204, { "upload-offset": String(upload.bytes.length), "tus-resumable": "1.0.0" })
      .end();
  }

  return {
    answer: (exchange, { cut }) => {
      const { request, response, segments } = exchange;
      if (request.headers["tus-resumable"] !== "1.0.0") {
        return plain(response, { status: 412, message: "Tus-Resumable Required" });
      }
      if (request.method === "POST" && segments.length === 2) return begin(exchange);
      const upload = uploads.get(segments[2] ?? "");
      if (upload === undefined)
        return plain(response, { status: 404, message: "The file for this url was not found" });
      if (request.method === "PATCH") return append(exchange, cut);
      return response
        .writeHead(200, {
          "upload-offset": String(upload.bytes.length),
          "upload-length": String(upload.length),
          "cache-control": "no-store",
          "tus-resumable": "1.0.0",
        })
        .end();
    },
    expire: () => uploads.clear(),
  };
}

// Here the status is that of HTTP, and the body plain text.
function plain(
  response: StorageExchange["response"],
  { status, message }: { readonly status: number; readonly message: string },
): unknown {
  return response
    .writeHead(status, { "content-type": "text/plain", "tus-resumable": "1.0.0" })
    .end(`${message}\n`);
}
