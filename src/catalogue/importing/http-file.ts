import { type Fetch, FutagoError, within } from "../../base/mod.ts";
import type { DataFile } from "./data-folder.ts";

/** Options of {@link httpFile}. */
export interface HttpFileOptions {
  /** What issues and cursors call it; the address is shown nowhere, as it may hold a key. */
  readonly name: string;
  readonly url: string;
  readonly fetch: Fetch;
  /** Such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the server may be silent, in milliseconds. @default 60000 */
  readonly silenceMs?: number;
}

/**
 * A file that a server gives out.
 *
 * @param options Address, and what to ask with.
 * @returns The file; nothing has been asked yet, and every reading asks anew.
 */
export function httpFile(options: HttpFileOptions): DataFile {
  const { name, url, fetch, headers = {}, silenceMs = 60_000 } = options;
  const unreadable = (current: string): FutagoError =>
    new FutagoError(
      "source_unreadable",
      `Cannot read "${name}" as its server must answer with the file: current answer is ${current}`,
    );
  // What the network throws may hold the address: it is neither repeated nor passed on as a cause.
  const answered = async <Answer>(work: Promise<Answer>): Promise<Answer> => {
    const late = unreadable("none in time");
    try {
      return await within(work, silenceMs, () => late);
    } catch (error) {
      throw error === late ? late : unreadable("a broken connection");
    }
  };
  return {
    name,
    async *chunks() {
      const ended = new AbortController();
      try {
        const response = await answered(fetch(url, { headers: { ...headers }, signal: ended.signal }));
        if (!response.ok || response.body === null) throw unreadable(`status ${response.status}`);
        const reader = response.body.getReader();
        for (;;) {
          const { done, value } = await answered(reader.read());
          if (done) return;
          yield value;
        }
      } finally {
        // A reader that stops early must not leave the connection open.
        ended.abort();
      }
    },
  };
}
