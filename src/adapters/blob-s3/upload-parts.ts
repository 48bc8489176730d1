import type { S3Answer, S3Client } from "./s3-client.ts";
import { textsOf } from "./xml-text.ts";

/** The size of a part; S3 asks for 5 MB at least, of all but the last. */
export const partBytes: number = 6 * 1024 * 1024;

/** What is uploaded where. */
export interface PartsUpload {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Uploads in parts. The object appears when they are put together; where that fails they are thrown away, as they would
 * be paid for.
 *
 * @param client Of the bucket.
 * @param upload What.
 * @throws FutagoError `storage_failed`.
 */
export async function uploadParts(client: S3Client, upload: PartsUpload): Promise<void> {
  const { path, bytes, headers } = upload;
  const begun = await client.ask({ method: "POST", path, query: { uploads: "" }, headers });
  const uploadId = textsOf(new TextDecoder().decode(begun.bytes), "UploadId")[0];
  if (begun.status !== 200 || uploadId === undefined) throw client.failure("write", path, begun);
  try {
    const tags: string[] = [];
    for (let start = 0; start < bytes.length; start += partBytes) {
      const query = { partNumber: String(tags.length + 1), uploadId };
      const body = bytes.subarray(start, start + partBytes);
      const sent = await client.ask({ method: "PUT", path, query, body });
      const tag = sent.headers.get("etag");
      if (sent.status !== 200 || tag === null) throw client.failure("write", path, sent);
      tags.push(tag);
    }
    const parts = tags.map(
      (tag, i) =>
        `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag.replaceAll('"', "&quot;")}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
    const done = await client.ask({ method: "POST", path, query: { uploadId }, body });
    if (isFailure(done)) throw client.failure("write", path, done);
  } catch (error) {
    await client.ask({ method: "DELETE", path, query: { uploadId } }).catch(() => {});
    throw error;
  }
}

// Putting together takes long enough that S3 may answer 200 first and the failure in the body.
function isFailure({ status, bytes }: S3Answer): boolean {
  return status !== 200 || new TextDecoder().decode(bytes).includes("<Error>");
}
