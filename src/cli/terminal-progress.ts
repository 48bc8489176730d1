import { MultiBar, type SingleBar } from "cli-progress";
import { type Progress, type ProgressTask, silentProgress } from "../base/mod.ts";

/** Options of {@link createTerminalProgress}. */
export interface TerminalProgressOptions {
  /** Reports nothing. @default false */
  readonly quiet?: boolean;
  /** Milliseconds between plain lines of one task. @default 2000 */
  readonly lineEvery?: number;
}

/**
 * Progress for a person: bars where the stream is a terminal, a plain line now and then elsewhere (logs, CI).
 *
 * @param stream Usually `process.stderr`, so that stdout stays for results.
 * @param options How much to show.
 * @returns The progress.
 */
export function createTerminalProgress(
  stream: NodeJS.WriteStream,
  options: TerminalProgressOptions = {},
): Progress {
  if (options.quiet) return silentProgress;
  return stream.isTTY ? bars(stream) : lines(stream, options.lineEvery ?? 2000);
}

function bars(stream: NodeJS.WriteStream): Progress {
  let multi: MultiBar | undefined;
  let open = 0;
  return {
    start(label, total) {
      multi ??= new MultiBar({
        stream,
        format: "{label} {bar} {value}/{total} {note}",
        barCompleteChar: "█",
        barIncompleteChar: "░",
        barsize: 24,
        hideCursor: true,
        clearOnComplete: false,
        linewrap: false,
        emptyOnZero: true,
      });
      open++;
      let ended = false;
      let value = 0;
      const bar: SingleBar = multi.create(total ?? 0, 0, { label: label.padEnd(28), note: "" });
      return {
        advance(units) {
          value += units;
          // Where nobody knows the total, the bar grows with what is done.
          if (total === undefined) bar.setTotal(value);
          bar.update(value);
        },
        note: (text) => bar.update({ note: text }),
        done() {
          if (ended) return;
          ended = true;
          bar.stop();
          if (--open > 0) return;
          multi?.stop();
          multi = undefined;
        },
      };
    },
  };
}

function lines(stream: NodeJS.WriteStream, lineEvery: number): Progress {
  return {
    start(label, total): ProgressTask {
      const started = performance.now();
      let value = 0;
      let text = "";
      let shown = started;
      let ended = false;
      const show = (mark: string): void => {
        const of = total === undefined ? `${value}` : `${value}/${total}`;
        stream.write(`${label}: ${of}${text === "" ? "" : ` ${text}`}${mark}\n`);
        shown = performance.now();
      };
      return {
        advance(units) {
          value += units;
          if (performance.now() - shown >= lineEvery) show("");
        },
        note(next) {
          text = next;
        },
        done() {
          if (ended) return;
          ended = true;
          show(` (${((performance.now() - started) / 1000).toFixed(1)} s)`);
        },
      };
    },
  };
}
