import type { Fetch } from "../../base/mod.ts";
import type { AlertMessage } from "./alert-store.ts";

/** Where messages go. */
export interface AlertDestination {
  /** Two of one name are one: what was told the one is told. */
  readonly name: string;
  /** `slack`: `{"text": …}`; `webhook`: `{"alert", "state", "text", "at"}`. */
  readonly form: "slack" | "webhook";
  /** A secret: whoever has it may write there. */
  readonly url: string;
}

/** How long a receiver may take, in milliseconds. */
const patienceMs = 10_000;

/**
 * Sends a message.
 *
 * @param message What to tell.
 * @param options Where to, and by what.
 * @returns Whether it arrived; nothing is thrown, and nothing said of the address.
 */
export async function sendAlert(
  message: AlertMessage,
  { destination, fetch }: { readonly destination: AlertDestination; readonly fetch: Fetch },
): Promise<boolean> {
  const { name, text, broken, at } = message;
  const state = broken ? "broken" : "recovered";
  const body =
    destination.form === "slack"
      ? { text: `${broken ? "🔴" : "🟢 Works again:"} ${text}` }
      : { alert: name, state, text, at: new Date(at).toISOString() };
  try {
    const answer = await fetch(destination.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
