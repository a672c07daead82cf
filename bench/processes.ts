import { readdirSync, readFileSync } from "node:fs";

/** Peak memory of one process, by what it runs. */
export interface ProcessPeak {
  what: string;
  peakMiB: number;
}

const EVERY_MS = 100;

/**
 * Watches `root` and whatever it starts, until `stop`: the highest resident set of each kind of process, as Linux keeps it
 * (`VmHWM` in /proc/<pid>/status, proc(5)). Elsewhere there is nothing to read and the answer is empty.
 */
export function watchProcesses(root: number): { stop(): ProcessPeak[] } {
  const peaks = new Map<string, number>();
  const look = (): void => {
    for (const pid of familyOf(root)) {
      const status = read(`/proc/${pid}/status`);
      const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      if (kib === undefined) continue;
      const what = describe(read(`/proc/${pid}/cmdline`).split("\0"));
      peaks.set(what, Math.max(peaks.get(what) ?? 0, Math.round(Number(kib) / 1024)));
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      const byPeak = [...peaks].sort(([, one], [, other]) => other - one);
      return byPeak.map(([what, peakMiB]) => ({ what, peakMiB }));
    },
  };
}

function familyOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of numbersIn("/proc")) {
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(read(`/proc/${entry}/status`))?.[1]);
    if (Number.isInteger(parent)) children.set(parent, [...(children.get(parent) ?? []), entry]);
  }
  const family: number[] = [];
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    family.push(pid);
    waiting.push(...(children.get(pid) ?? []));
  }
  return family;
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** A process may end between two looks at it. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const KINDS: [pattern: RegExp, what: string][] = [
  [/perennial_tabular (train|prepare)/, "job: $1"],
  [/(moto)/, "emulated S3, DynamoDB, SNS, SQS … (moto)"],
  [/apps\/serving\/main\.ts/, "endpoint variant"],
  [/local\/main\.ts/, "local cloud"],
];

function describe(commandLine: readonly string[]): string {
  const line = commandLine.join(" ").trim();
  for (const [pattern, what] of KINDS) {
    const match = pattern.exec(line);
    if (match !== null) return what.replace("$1", match[1] ?? "");
  }
  return line.slice(0, 40) || "ended";
}
