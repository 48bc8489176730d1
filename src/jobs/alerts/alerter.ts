import type { Clock, Fetch } from "../../base/mod.ts";
import type { AlertRules } from "./alert-rules.ts";
import type { AlertStore } from "./alert-store.ts";
import { createLookout, type LookoutOptions } from "./find-broken.ts";
import { createMemoryAlertStore } from "./memory-alert-store.ts";
import { type AlertDestination, sendAlert } from "./send-alert.ts";

/** What {@link createAlerter} works with. */
export interface AlerterOptions extends Omit<LookoutOptions, "rules" | "fetch"> {
  readonly store: AlertStore;
  readonly destinations: readonly AlertDestination[];
  readonly rules: AlertRules;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/** Tells people what is broken, once, and when it works again. */
export interface Alerter {
  /** Looks, and sends what is new. Never throws: gives how many messages did not arrive; they are sent again later. */
  look(): Promise<{ readonly sent: number; readonly failed: number }>;
}

/** A message that did not arrive is not sent again sooner, in milliseconds. */
const leaseMs = 60_000;

/**
 * An alerter. What was told is kept in the database, so that several tell each thing once; only that the database
 * itself does not answer each has to tell by itself.
 *
 * @param options Where to look, the rules, and who is told.
 * @returns The alerter.
 */
export function createAlerter(options: AlerterOptions): Alerter {
  const { store, destinations, rules, fetch, clock } = options;
  const find = createLookout(options);
  const ownStore = createMemoryAlertStore({ clock });
  let unreachable = 0;

  const deliver = async (from: AlertStore): Promise<{ sent: number; failed: number }> => {
    let [sent, failed] = [0, 0];
    for (const destination of destinations) {
      for (const message of await from.claim(destination.name, leaseMs)) {
        if (await sendAlert(message, { destination, fetch })) {
          sent++;
          await from.told(destination.name, message);
        } else failed++;
      }
    }
    return { sent, failed };
  };
  const lookAtDatabase = async (): Promise<{ sent: number; failed: number }> => {
    try {
      const found = await find();
      for (const { name } of destinations) await store.reconcile(name, found);
      unreachable = 0;
      return await deliver(store);
    } catch {
      unreachable++;
      return { sent: 0, failed: 0 };
    }
  };
  return Object.freeze({
    look: async () => {
      const told = await lookAtDatabase();
      const bound = rules.databaseUnreachableLooks;
      const down = bound !== false && unreachable >= bound;
      const text = "The database does not answer: futago doctor";
      for (const { name } of destinations) {
        await ownStore.reconcile(name, {
          broken: down ? [{ name: "database_unreachable", text }] : [],
          unknown: [],
        });
      }
      const own = await deliver(ownStore);
      return { sent: told.sent + own.sent, failed: told.failed + own.failed };
    },
  });
}
