import type { Clock } from "../base/mod.ts";
import type { StudyPlan, Trial } from "./study.ts";
import type { StudyStore } from "./study-store.ts";

/**
 * Studies in memory: the reference for what every {@link StudyStore} does.
 *
 * @param options Whose time counts.
 * @returns An empty store.
 */
export function createMemoryStudyStore({ clock = Date }: { readonly clock?: Clock } = {}): StudyStore {
  const studies = new Map<
    string,
    { readonly plan: StudyPlan; readonly createdAt: number; readonly trials: Trial[] }
  >();
  const leases = new Map<string, { readonly owner: string; readonly until: number }>();
  return {
    begin: async (name, plan) => {
      const kept = studies.get(name) ?? { plan: structuredClone(plan), createdAt: clock.now(), trials: [] };
      studies.set(name, kept);
      return kept.plan;
    },
    studies: async () =>
      [...studies]
        .map(([name, { plan, createdAt, trials }]) => ({ name, plan, createdAt, trials: trials.length }))
        .sort((a, b) => b.createdAt - a.createdAt || (a.name < b.name ? -1 : 1)),
    trials: async (name) => [...(studies.get(name)?.trials ?? [])].sort((a, b) => a.number - b.number),
    save: async (name, trial) => {
      const { trials } = studies.get(name)!;
      const at = trials.findIndex(({ number }) => number === trial.number);
      trials.splice(at === -1 ? trials.length : at, 1, structuredClone(trial));
    },
    lease: async (name, owner, milliseconds) => {
      const held = leases.get(name);
      if (held !== undefined && held.owner !== owner && held.until > clock.now()) return false;
      leases.set(name, { owner, until: clock.now() + milliseconds });
      return true;
    },
    release: async (name, owner) => {
      if (leases.get(name)?.owner === owner) leases.delete(name);
    },
    remove: async (name) => studies.delete(name),
  };
}
