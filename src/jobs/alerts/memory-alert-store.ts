import type { Clock } from "../../base/mod.ts";
import type { AlertMessage, AlertStore } from "./alert-store.ts";

/**
 * Alerts in memory: the reference for what every {@link AlertStore} does.
 *
 * @param options Whose time counts.
 * @returns An empty store.
 */
export function createMemoryAlertStore({ clock }: { readonly clock: Clock }): AlertStore {
  type Row = AlertMessage & { readonly told: boolean; readonly sendAt: number };
  const rows = new Map<string, Map<string, Row>>();
  const of = (destination: string): Map<string, Row> => {
    const own = rows.get(destination) ?? new Map<string, Row>();
    rows.set(destination, own);
    return own;
  };
  return Object.freeze({
    reconcile: async (destination, { broken, unknown }) => {
      const own = of(destination);
      const at = clock.now();
      for (const { name, text } of broken) {
        const row = own.get(name);
        if (row?.broken) continue;
        own.set(name, {
          told: false,
          sendAt: Number.NEGATIVE_INFINITY,
          ...row,
          name,
          text,
          at,
          broken: true,
        });
      }
      const kept = new Set([...broken.map(({ name }) => name), ...unknown]);
      for (const row of own.values()) {
        if (row.broken && !kept.has(row.name)) own.set(row.name, { ...row, broken: false, at });
      }
    },
    claim: async (destination, leaseMs) => {
      const own = of(destination);
      const due = [...own.values()].filter((row) => row.broken !== row.told && row.sendAt <= clock.now());
      for (const row of due) own.set(row.name, { ...row, sendAt: clock.now() + leaseMs });
      return due.map(({ name, text, broken, at }) => ({ name, text, broken, at }));
    },
    told: async (destination, { name, broken }) => {
      const row = of(destination).get(name);
      if (row !== undefined) {
        of(destination).set(name, { ...row, told: broken, sendAt: Number.NEGATIVE_INFINITY });
      }
    },
  } satisfies AlertStore);
}
