import { type AlertDestination, type AlertRules, parseAlertRules } from "../../jobs/mod.ts";
import { readJsonFile } from "../read-json-file.ts";

/** Who is told of what. */
export interface Alerts {
  readonly destinations: readonly AlertDestination[];
  readonly rules: AlertRules;
}

/**
 * Who is told of what is broken, and what the rules are.
 *
 * @param env `FUTAGO_SLACK_WEBHOOK`, `FUTAGO_ALERT_WEBHOOK`, `FUTAGO_ALERT_RULES`.
 * @returns Nobody and the default rules, where nothing is set.
 * @throws FutagoError `source_unreadable` where the file of rules cannot be read.
 * @throws TypeError Where they are no rules.
 */
export async function openAlerts(env: Readonly<Record<string, string | undefined>>): Promise<Alerts> {
  const slack = env["FUTAGO_SLACK_WEBHOOK"];
  const webhook = env["FUTAGO_ALERT_WEBHOOK"];
  const path = env["FUTAGO_ALERT_RULES"];
  return {
    destinations: [
      ...(slack ? [{ name: "slack", form: "slack", url: slack } as const] : []),
      ...(webhook ? [{ name: "webhook", form: "webhook", url: webhook } as const] : []),
    ],
    rules: parseAlertRules(path ? (await readJsonFile(path, "the rules of alerts")).json : {}),
  };
}
