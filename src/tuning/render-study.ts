import { escapeHtml, metricText, reportStyle } from "../evaluation/mod.ts";
import { settingGroups } from "./model-settings.ts";
import type { StudyOutcome } from "./run-study.ts";
import { settingImportance } from "./setting-importance.ts";
import { settingPlot } from "./setting-plot.ts";
import { settingText } from "./setting-text.ts";
import { scoreOf, type Trial } from "./study.ts";
import { studyCurves } from "./study-curves.ts";

/** Rows of the table of the best. */
const tableRows = 12;

const studyStyle = `
svg.wide{max-width:none;min-width:640px}
svg .line.thin{stroke-width:1;opacity:.45}svg .line.on{stroke-width:1.6;opacity:.9}svg .line.named{stroke-width:2.6}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(270px,100%),1fr));gap:20px 28px}
h3 .share{float:right;font-weight:400}
pre{margin:10px 0 0;padding:12px 14px;border:1px solid var(--line);border-radius:8px;overflow-x:auto;font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
`;

/**
 * A study as one HTML page that needs nothing else: no script, no network, light or dark as the reader's system is.
 *
 * @param study Where it stands; it need not be complete.
 * @returns The page.
 */
export function renderStudyHtml(study: StudyOutcome): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Study ${escapeHtml(study.name)}</title>
<style>${reportStyle}${studyStyle}</style>
</head>
<body>
<main>
${header(study)}
${curves(study)}
${bestTable(study)}
${settings(study)}
${failures(study)}
${settingsFile(study)}
${plan(study)}
</main>
</body>
</html>
`;
}

function header({ name, trials, best, complete, plan: { rungs } }: StudyOutcome): string {
  const figure = (trial: Trial | undefined): string => {
    const score = trial && scoreOf(trial);
    return score === undefined ? "–" : `${metricText(score)} at ${rungs[trial!.scores.length - 1]}`;
  };
  const full = trials.filter(({ scores }) => scores.length === rungs.length).length;
  const hours = trials.reduce((sum, { seconds }) => sum + seconds, 0) / 3600;
  const facts: readonly (readonly [string, string])[] = [
    ["Trials", String(trials.length)],
    ["At the last rung", String(full)],
    ["Failed", String(trials.filter(({ state }) => state === "failed").length)],
    ["Training", hours < 1 ? `${(hours * 60).toFixed(1)} min` : `${hours.toFixed(1)} h`],
    ["Best NDCG@10 at epoch", figure(best)],
    ["Base NDCG@10 at epoch", figure(trials[0])],
  ];
  const state = complete ? "Complete." : "Not complete: the same command goes on.";
  return `<header><h1>Study: ${escapeHtml(name)}</h1><p class="note">Random search with asynchronous successive halving, on validation viewers alone; no test figure was looked at. ${state}</p><dl class="facts">${facts
    .map(([fact, value]) => `<div><dt>${fact}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join("")}</dl></header>`;
}

function curves({ trials, plan: { rungs, reduction }, plan: whole }: StudyOutcome): string {
  if (!trials.some(({ curve }) => curve.length > 0)) return "";
  return `<section class="card"><h2>Trials by rung</h2><p class="note">Validation NDCG@10. Of the trials at a rung (${rungs.join(", ")} epochs), the best of every ${reduction} goes on to the next.</p><div class="scroll">${studyCurves(trials, whole)}</div></section>`;
}

function bestTable({ trials, best, plan: { space, rungs } }: StudyOutcome): string {
  const searched = settingGroups.flatMap((group) =>
    Object.keys(space[group]).map((name) => ({ group, name })),
  );
  const ranked = trials
    .filter(({ state, scores }) => state !== "failed" && scores.length > 0)
    .toSorted((a, b) => scoreOf(b)! - scoreOf(a)! || a.number - b.number);
  const rows = ranked.filter(({ number }, place) => place < tableRows || number === 0);
  if (rows.length === 0) return "";
  const heads = ["NDCG@10", "epochs", ...searched.map(({ name }) => name), "minutes", "MB"];
  const cells = (trial: Trial): string => {
    const values = searched.map(({ group, name }) =>
      settingText((trial.settings[group] as Readonly<Record<string, unknown>>)[name]),
    );
    const score = `<td${trial === best ? ' class="best"' : ""}>${metricText(scoreOf(trial)!)}</td>`;
    const rest = [
      String(trial.curve.at(-1)?.epoch ?? rungs[trial.scores.length - 1]),
      ...values,
      (trial.seconds / 60).toFixed(1),
      String(Math.round(trial.memoryBytes / 2 ** 20)),
    ];
    return score + rest.map((value) => `<td>${escapeHtml(value)}</td>`).join("");
  };
  const lines = rows.map((trial) => {
    const name = `trial ${trial.number}${trial.number === 0 ? " (base)" : ""}`;
    return `<tr><th scope="row">${name}</th>${cells(trial)}</tr>`;
  });
  return `<section class="card"><h2>The best</h2><p class="note">${rows.length} of ${ranked.length} trials. A figure chosen as the best of many is too good by chance: what it is worth, a test part says that was not looked at.</p><div class="scroll"><table><thead><tr><th></th>${heads
    .map((head) => `<th scope="col">${escapeHtml(head)}</th>`)
    .join("")}</tr></thead><tbody>${lines.join("")}</tbody></table></div></section>`;
}

function settings({ trials, best, plan: { space } }: StudyOutcome): string {
  const all = settingImportance(trials, space).filter(({ points }) => points.length > 0);
  if (all.length === 0) return "";
  const plots = all.map((setting) => {
    const share = setting.share === undefined ? "too few trials" : `${Math.round(setting.share * 100)} %`;
    return `<div><h3>${escapeHtml(setting.name)}<span class="share">${share}</span></h3>${settingPlot(setting, best?.number)}</div>`;
  });
  return `<section class="card"><h2>What matters</h2><p class="note">The score at the first rung by each setting, the best trial marked. The share of the variance of that score which goes with the setting alone (ε², over thirds of its values) is a hint where to look, not a proof.</p><div class="plots">${plots.join("")}</div></section>`;
}

function failures({ trials }: StudyOutcome): string {
  const rows = trials
    .filter(({ state }) => state === "failed")
    .map(
      ({ number, reason = "", settings: { towers, training } }) =>
        `<dt>trial ${number}</dt><dd>${escapeHtml(reason)}<br><code>${escapeHtml(JSON.stringify({ towers, training }))}</code></dd>`,
    );
  if (rows.length === 0) return "";
  return `<section class="card"><h2>Failed</h2><p class="note">A failed trial counts as the worst of its rung.</p><dl class="pairs">${rows.join("")}</dl></section>`;
}

function settingsFile({ best }: StudyOutcome): string {
  if (best === undefined) return "";
  const json = JSON.stringify(best.settings, null, 2);
  return `<section class="card"><h2>To train with the best</h2><p class="note">As a file, this is what <code>futago train --settings FILE</code> and <code>futago evaluate --settings FILE</code> take.</p><pre>${escapeHtml(json)}</pre></section>`;
}

function plan({ plan: { seed, rungs, reduction, space, data } }: StudyOutcome): string {
  const pairs: readonly (readonly [string, string | number])[] = [
    ["Search", "random; trial 0 is the base itself"],
    ["Halving", `asynchronous (Li et al. 2020), reduction ${reduction}`],
    ["Rungs", `${rungs.join(", ")} epochs`],
    ["Score", "best NDCG@10 so far on validation viewers"],
    ["Seed", seed],
    ["Data", data],
    ["Space", JSON.stringify(space)],
  ];
  return `<section class="card"><details><summary>How it was searched</summary><dl class="pairs">${pairs
    .map(([name, value]) => `<dt>${name}</dt><dd><code>${escapeHtml(value)}</code></dd>`)
    .join("")}</dl></details></section>`;
}
