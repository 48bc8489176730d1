import { FutagoError, isFutagoError, pauseBefore } from "../../base/mod.ts";
import type { StorageAnswer, StorageClient } from "./storage-client.ts";

/** What is larger goes in parts: the size up to which one request is recommended. */
export const resumableFrom: number = 6 * 1024 * 1024;

/** The one size of a part that the storage takes; the last may be smaller. */
const partBytes = 6 * 1024 * 1024;

/** How often in a row it may fail without a byte of progress. */
const failuresInARow = 6;

const tus = { "tus-resumable": "1.0.0" };

/** What is uploaded where. */
export interface ResumableUpload {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly cacheSeconds: number;
}

/**
 * Uploads by the tus protocol: after a broken connection, an answer of 5xx, or where the storage has another offset
 * than we do (409), it asks how much has arrived and goes on from there; where the upload's address has expired, it
 * begins another. The object appears when its last byte has arrived.
 *
 * @param client Of the bucket.
 * @param upload What.
 * @throws FutagoError `storage_failed` where it is refused, or fails six times without progress.
 */
export async function uploadResumable(client: StorageClient, upload: ResumableUpload): Promise<void> {
  const { path, bytes } = upload;
  let failures = 0;
  const failed = async (answer: StorageAnswer | undefined): Promise<void> => {
    failures++;
    if (failures >= failuresInARow)
      throw answer === undefined ? brokeOff(path) : client.failure("write", path, answer);
    await pauseBefore(failures + 1, client.options);
  };
  let location = await begin(client, upload);
  let offset = 0;
  while (offset < bytes.length) {
    const answer = await sendPart(client, { location, offset, bytes });
    let arrived = answer?.status === 204 ? offsetOf(answer) : undefined;
    if (arrived === undefined) {
      if (answer !== undefined && !isGone(answer) && !isPassing(answer))
        throw client.failure("write", path, answer);
      await failed(answer);
      const asked = answer !== undefined && isGone(answer) ? answer : await askOffset(client, location);
      if (isGone(asked)) {
        location = await begin(client, upload);
        offset = 0;
        continue;
      }
      arrived = asked.status === 200 ? offsetOf(asked) : offset;
    }
    if (arrived !== undefined && arrived > offset) failures = 0;
    offset = arrived ?? offset;
  }
}

async function begin(client: StorageClient, { path, bytes, cacheSeconds }: ResumableUpload): Promise<string> {
  const metadata = {
    bucketName: client.bucket,
    objectName: path,
    contentType: "application/octet-stream",
    cacheControl: String(cacheSeconds),
  };
  const answer = await client.ask("upload/resumable", {
    method: "POST",
    headers: {
      ...tus,
      "upload-length": String(bytes.length),
      "upload-metadata": Object.entries(metadata)
        .map(([name, value]) => `${name} ${base64(value)}`)
        .join(","),
      "x-upsert": "true",
    },
  });
  const location = answer.headers.get("location");
  if (answer.status !== 201 || location === null) throw client.failure("write", path, answer);
  return location;
}

/** One part, sent once: how much of it arrived before a failure, only the storage knows. */
async function sendPart(
  client: StorageClient,
  part: { readonly location: string; readonly offset: number; readonly bytes: Uint8Array<ArrayBuffer> },
): Promise<StorageAnswer | undefined> {
  const { location, offset, bytes } = part;
  const init = {
    method: "PATCH",
    body: bytes.subarray(offset, offset + partBytes),
    headers: { ...tus, "upload-offset": String(offset), "content-type": "application/offset+octet-stream" },
  };
  try {
    return await client.askLocation(location, init, { attempts: 1 });
  } catch (error) {
    if (isFutagoError(error)) return undefined;
    throw error;
  }
}

function askOffset(client: StorageClient, location: string): Promise<StorageAnswer> {
  return client.askLocation(location, { method: "HEAD", headers: tus });
}

function offsetOf({ headers }: StorageAnswer): number | undefined {
  const text = headers.get("upload-offset");
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The address is kept for a day; afterwards, or when the upload has ended, it is 404 or 410. */
function isGone({ status, problem }: StorageAnswer): boolean {
  return status === 404 || status === 410 || problem.status === 404;
}

/** Another holds the upload (423), has moved it (409), or the server stumbled. */
function isPassing({ status }: StorageAnswer): boolean {
  return status === 409 || status === 423 || status >= 500;
}

function brokeOff(path: string): FutagoError {
  return new FutagoError(
    "storage_failed",
    `Cannot write "${path}" as the connection must hold: it broke ${failuresInARow} times without progress; check the network and run the same again`,
    { details: { reason: "network" } },
  );
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
