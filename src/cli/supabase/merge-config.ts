/** A project's configuration with our functions in it. */
export interface MergedConfig {
  readonly text: string;
  /** Functions whose section was added. */
  readonly added: readonly string[];
  /** Functions whose section was there and lets the platform refuse what the function must see: `verify_jwt` is not false. */
  readonly verifying: readonly string[];
}

/**
 * Adds the sections of functions to a project's `config.toml`, behind everything that is there. A section that is there
 * already stays as it is.
 *
 * @param theirs The project's; undefined where there is none.
 * @param ours With a section `[functions.<name>]` for each function.
 * @returns The merged text.
 */
export function mergeConfig(theirs: string | undefined, ours: string): MergedConfig {
  const there = sectionsOf(theirs ?? "");
  const [heading = "", ...rest] = ours.split(/^(?=\[functions\.)/m);
  const missing = rest.filter((section) => !there.has(nameOf(section)));
  const verifying = rest
    .map(nameOf)
    .filter((name) => there.has(name) && !/^\s*verify_jwt\s*=\s*false\b/m.test(there.get(name)!));
  const added = missing.map(nameOf);
  const addition = missing.map((section) => section.trim()).join("\n\n");
  const before = theirs === undefined || theirs.trim() === "" ? "" : `${theirs.trimEnd()}\n\n`;
  const text = missing.length === 0 ? (theirs ?? "") : `${before}${heading.trim()}\n\n${addition}\n`;
  return { text, added, verifying };
}

/** The text of each `[functions.<name>]`, up to the next section. */
function sectionsOf(text: string): ReadonlyMap<string, string> {
  const sections = text.split(/^(?=\s*\[)/m).filter((section) => /^\s*\[functions\./.test(section));
  return new Map(sections.map((section) => [nameOf(section), section]));
}

function nameOf(section: string): string {
  return /^\s*\[functions\.(?:"([^"]+)"|([\w-]+))/.exec(section)?.slice(1).find(Boolean) ?? "";
}
