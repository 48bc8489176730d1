/** One file to read, wherever it lies. */
export interface DataFile {
  /** As a person named it; what issues and cursors call it. */
  readonly name: string;
  /** In bytes; absent where nobody knows, which leaves progress without a total. */
  readonly size?: number;
  /**
   * The bytes from the beginning; every call reads anew.
   *
   * @throws FutagoError `source_unreadable` While it is read.
   */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Where the files of an import lie: a directory, an archive, an upload. */
export interface DataFolder {
  /** As a person named it. */
  readonly name: string;
  /** The file at a path relative to the folder, or undefined where there is none. */
  find(path: string): Promise<DataFile | undefined>;
}

/**
 * A folder of texts in memory, for tests and for uploads that are small.
 *
 * @param files Contents by path; a text is encoded as UTF-8.
 * @param options `chunkSize`: bytes in each chunk, so that tests can put a boundary anywhere; `name` as shown.
 * @returns The folder.
 */
export function memoryFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: { readonly chunkSize?: number; readonly name?: string } = {},
): DataFolder {
  const chunkSize = options.chunkSize ?? 65_536;
  return {
    name: options.name ?? "memory",
    find: async (path) => {
      const content = files[path];
      if (content === undefined) return undefined;
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      return {
        name: path,
        size: bytes.length,
        async *chunks() {
          for (let at = 0; at < bytes.length; at += chunkSize) yield bytes.subarray(at, at + chunkSize);
        },
      };
    },
  };
}
