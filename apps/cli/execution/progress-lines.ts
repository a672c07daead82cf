import { cut } from "../output/layout.ts";
import { span } from "../output/phrases.ts";
import type { Terminal } from "../output/terminal.ts";
import type { Progress } from "./stages.ts";

const BACK_TO_START = "\r\u001B[2K";
const NAME_WIDTH = 18;

/**
 * Shows progress stage by stage: a line for each one that is done, and below them the current one. On a terminal that
 * line is written over; elsewhere it is written when a stage begins and whenever its detail has changed.
 */
export class ProgressLines {
  private readonly terminal: Terminal;
  private readonly shown = new Set<string>();
  private last = "";

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  show({ done, current }: Progress, now: number, detail: string): void {
    for (const { stage, ms, error } of done) {
      if (this.shown.has(stage)) continue;
      this.shown.add(stage);
      this.clear();
      const { paintError: paint } = this.terminal;
      const mark = error === null ? paint("green", "✓") : paint("red", "✗");
      this.line(`  ${mark} ${stage.padEnd(NAME_WIDTH)} ${span(ms)}${error === null ? "" : `  ${error}`}`);
    }
    if (current === null) return;
    const { isInteractive, progressWidth, err, paintError: paint } = this.terminal;
    const tail = detail === "" ? "" : `  ${detail}`;
    const text = `  … ${current.stage.padEnd(NAME_WIDTH)} `;
    if (isInteractive) {
      // One column stays free: a full line would make some terminals go on to the next.
      err(BACK_TO_START + paint("dim", cut(`${text}${span(now - current.since)}${tail}`, progressWidth - 1)));
      this.last = "open";
    } else if (`${text}${tail}` !== this.last) {
      this.last = `${text}${tail}`;
      this.line(this.last.trimEnd());
    }
  }

  /** Takes the current line away, so that what follows starts on a line of its own. */
  clear(): void {
    if (this.terminal.isInteractive && this.last === "open") this.terminal.err(BACK_TO_START);
    this.last = "";
  }

  private line(text: string): void {
    this.terminal.err(`${text}\n`);
  }
}
