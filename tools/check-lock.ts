import { readFileSync, writeFileSync } from "node:fs";

// A registry mirror that lacks some platform's packages makes npm write a lock file without them, which `npm ci` then
// refuses everywhere. Checks that every optional package is in the lock; `--fix` adds what is missing, without a hash.

/** An entry of `packages` in package-lock.json, as far as it matters here. */
export interface LockEntry {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [other: string]: unknown;
}

/**
 * The optional packages that a lock file names but does not hold.
 *
 * @param packages `packages` of package-lock.json.
 * @returns Entries to add, by their place in node_modules.
 */
export function missingEntries(packages: Readonly<Record<string, LockEntry>>): Map<string, LockEntry> {
  const missing = new Map<string, LockEntry>();
  for (const [at, { optionalDependencies = {}, dev, license }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      // Two versions of a package have two sets of optional packages, the second beside the package that wants it.
      const found = folders(at).map((folder) => `${folder}node_modules/${name}`);
      if (found.some((place) => fits(packages[place], version))) continue;
      const place = found.reverse().find((free) => packages[free] === undefined);
      if (place === undefined) continue;
      const words = name.split(/[/-]/);
      const os = ["android", "darwin", "freebsd", "linux", "win32"].find((word) => words.includes(word));
      const cpu = ["arm64", "x64"].find((word) => words.includes(word));
      const libc = os !== "linux" ? undefined : words.includes("musl") ? "musl" : "glibc";
      missing.set(place, {
        version,
        ...(cpu === undefined ? {} : { cpu: [cpu] }),
        ...(dev === undefined ? {} : { dev }),
        ...(libc === undefined ? {} : { libc: [libc] }),
        ...(license === undefined ? {} : { license }),
        optional: true,
        ...(os === undefined ? {} : { os: [os] }),
      });
    }
  }
  return missing;
}

/** Where a package is looked for from another's place: in its own folder, then in each above it. */
function folders(at: string): string[] {
  const parts = at.split(/(?=node_modules\/)/);
  const above = parts.map((_, i) => parts.slice(0, i).join(""));
  return [...above, at === "" ? "" : `${at}/`].reverse();
}

// A range is met by whatever was resolved for it.
function fits(entry: LockEntry | undefined, version: string): boolean {
  return entry !== undefined && (!/^\d/.test(version) || entry.version === version);
}

if (import.meta.main) {
  const path = "package-lock.json";
  const lock = JSON.parse(readFileSync(path, "utf8")) as { packages: Record<string, LockEntry> };
  const missing = missingEntries(lock.packages);
  if (process.argv.includes("--fix")) {
    const entries = [...Object.entries(lock.packages), ...missing];
    lock.packages = Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b, "en")));
    writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
    console.log(`Added ${missing.size} entries to ${path}`);
  } else if (missing.size > 0) {
    console.error(
      `Cannot install from ${path} as it lacks ${[...missing.keys()].join(", ")}: run npm run lock:fix`,
    );
    process.exitCode = 1;
  }
}
