import type { Clock } from "../base/mod.ts";
import type { FeatureImportance } from "../evaluation/mod.ts";
import { semanticVersionTaken, unregistered } from "./version-problems.ts";
import type { ModelVersion, VersionStore } from "./version-store.ts";

/**
 * Versions in memory: the reference for what every {@link VersionStore} does.
 *
 * @param options `clock`: when a version was activated; a counter by default.
 * @returns An empty store.
 */
export function createMemoryVersionStore(options: { readonly clock?: Clock } = {}): VersionStore {
  const rows = new Map<string, ModelVersion>();
  const importances = new Map<string, readonly FeatureImportance[]>();
  let latest = 0;
  const all = (): ModelVersion[] => [...rows.values()];
  const active = (): ModelVersion | undefined => all().find((row) => row.status === "active");
  const checkFree = (semanticVersion: string, but?: string): void => {
    if (all().some((row) => row.semanticVersion === semanticVersion && row.version !== but)) {
      throw semanticVersionTaken(semanticVersion);
    }
  };
  return {
    add: async (version) => {
      if (rows.has(version.version)) {
        throw new RangeError(
          `Cannot add version "${version.version}" as its name must be new: give the new one another name`,
        );
      }
      checkFree(version.semanticVersion);
      rows.set(version.version, {
        ...structuredClone(version),
        status: "candidate",
        activatedAt: null,
      });
    },
    relabel: async (version, label) => {
      const row = rows.get(version);
      if (row === undefined) throw unregistered("relabel", version);
      if (label.semanticVersion !== undefined) checkFree(label.semanticVersion, version);
      rows.set(version, { ...row, ...label });
    },
    list: async () =>
      all().sort(
        (a, b) => b.createdAt - a.createdAt || (a.version < b.version ? 1 : a.version > b.version ? -1 : 0),
      ),
    get: async (version) => rows.get(version),
    active: async () => active(),
    activate: async (version) => {
      const row = rows.get(version);
      if (row === undefined) throw unregistered("activate", version);
      const before = active();
      if (before?.version === version) return;
      if (before !== undefined) rows.set(before.version, { ...before, status: "retired" });
      // Strictly later than every earlier switch, whatever the clock did: previous() goes by it.
      latest = Math.max(options.clock?.now() ?? 0, latest + 1);
      rows.set(version, { ...row, status: "active", activatedAt: latest });
    },
    putImportance: async (version, features) => {
      if (!rows.has(version)) throw unregistered("measure", version);
      importances.set(version, structuredClone(features).toSorted(byImportance));
    },
    importance: async (version) => importances.get(version) ?? [],
    previous: async () =>
      all()
        .filter((row) => row.status === "retired")
        .sort((a, b) => b.activatedAt! - a.activatedAt!)[0],
    remove: async (version) => {
      if (rows.get(version)?.status === "active") {
        throw new RangeError(
          `Cannot remove version "${version}" as it must not be active: activate another one first`,
        );
      }
      rows.delete(version);
      importances.delete(version);
    },
  };
}

function byImportance(a: FeatureImportance, b: FeatureImportance): number {
  return b.mean - a.mean || (`${a.side}.${a.feature}` < `${b.side}.${b.feature}` ? -1 : 1);
}
