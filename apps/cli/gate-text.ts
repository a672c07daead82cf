import type { DataCheck, GateReport } from "@perennial/contracts";
import { prose, table } from "./output/layout.ts";
import type { Paint } from "./output/terminal.ts";

const MARKS = {
  passed: ["green", "passed"],
  failed: ["red", "FAILED"],
  "not asked": ["dim", "not asked"],
} as const;

/** The data gate's report in words: what was looked at, what was found wrong and by which rows, and how the rest went. */
export function gateLines(report: GateReport, width: number, paint: Paint): string[] {
  const { status, snapshotSha256, files, rows, checks } = report;
  const failed = checks.filter(({ outcome }) => outcome === "failed");
  const named = files.map(({ name }) => name).join(", ");
  const head =
    status === "accepted"
      ? "The data gate accepts the data."
      : `The data gate refuses the data: ${failed.length} of ${checks.length} checks failed.`;
  return [
    ...prose(
      [
        paint("bold", head),
        `${rows.toLocaleString("en")} rows of ${named}, snapshot ${snapshotSha256.slice(0, 12)}`,
      ],
      width,
    ),
    "",
    ...table(
      [["", "check", "column", "finding"].map((title) => paint("dim", title)), ...rowsOf(checks, paint)],
      width,
    ),
  ];
}

/** In one sentence, for a report that nobody has to act on. */
export function gateSummary({ status, checks, rows, snapshotSha256 }: GateReport): string {
  const count = (outcome: DataCheck["outcome"]) => checks.filter((check) => check.outcome === outcome).length;
  return (
    `The data gate ${status} ${rows.toLocaleString("en")} rows (snapshot ${snapshotSha256.slice(0, 12)}): ` +
    `of its checks ${count("passed")} passed, ${count("failed")} failed, ${count("not asked")} weren't asked.`
  );
}

/** What failed comes first: that is what someone has to mend. */
function rowsOf(checks: readonly DataCheck[], paint: Paint): string[][] {
  const order: DataCheck["outcome"][] = ["failed", "passed", "not asked"];
  return order.flatMap((outcome) =>
    checks
      .filter((check) => check.outcome === outcome)
      .map(({ name, column, finding, examples }) => {
        const [style, word] = MARKS[outcome];
        return [paint(style, word), name, column ?? "", `${finding}${examplesOf(examples)}`];
      }),
  );
}

function examplesOf(examples: DataCheck["examples"]): string {
  if (examples.length === 0) return "";
  const shown = examples.map(({ key, value }) => `${key}${value === null ? "" : ` (${value})`}`);
  return `; for example ${shown.join(", ")}`;
}
