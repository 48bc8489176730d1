/**
 * Refuses a path that could leave its store or that some store could not keep.
 *
 * @param path As given to a {@link BlobStore}.
 * @param options `prefix`: may be empty and may end in `/`.
 * @returns The path.
 * @throws RangeError When it is absolute, has an empty part, `.`, `..`, a backslash, a control character, or a part
 * that begins with `.partial-`.
 */
export function checkBlobPath(path: string, options: { readonly prefix?: boolean } = {}): string {
  const parts = path.split("/");
  if (options.prefix && parts.at(-1) === "") parts.pop();
  const allowed = (part: string): boolean =>
    part !== "" &&
    part !== "." &&
    part !== ".." &&
    !part.startsWith(".partial-") &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    !/[\u0000-\u001f\\]/.test(part);
  if (parts.every(allowed)) return path;
  throw new RangeError(
    `Cannot use a blob path as it must be relative, of named parts divided by "/": current value is ${JSON.stringify(path.slice(0, 80))}`,
  );
}
