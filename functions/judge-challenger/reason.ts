import type { Check, Evaluation, VerdictStatus } from "@perennial/contracts";
import { count, plural } from "./wording.ts";

/** SageMaker's limit for the approval description that the reason becomes. */
const LONGEST = 1024;

/** One sentence that a person can act on: what was decided, by which figures. Details stand in the checks. */
export function reasonFor(
  status: VerdictStatus,
  checks: readonly Check[],
  { holdout, champion }: Evaluation,
): string {
  const version = champion.version === 0 ? "the baseline" : `version ${champion.version ?? "unknown"}`;
  const primary = checks.find(({ name }) => name === "primary")?.finding ?? "";
  const failures = checks.filter(({ name, outcome }) => outcome === "failed" && name !== "primary");
  const sample = `on ${plural(holdout.rows, "held-out row")} of ${plural(holdout.groups, "group")}`;
  const also = failures.length === 0 ? "" : "; besides";
  switch (status) {
    case "unchanged":
      return `Unchanged: the challenger is the same model as ${version}, which is in service; the holdout was not looked at.`;
    case "better":
      return listed(`Better than ${version} ${sample}: ${primary}${tooFew(checks)}`, []);
    case "tie":
      return listed(`A tie with ${version} ${sample}, so the champion stays: ${primary}${also}`, failures);
    case "worse":
      return listed(`Worse than ${version} ${sample}: ${primary}${also}`, failures);
    case "refused": {
      const undefinedPrimary = checks.filter(
        ({ name, measured }) => name === "primary" && measured?.value === null,
      );
      const rules = [...undefinedPrimary, ...failures];
      return listed(`Refused by ${plural(rules.length, "rule")} ${sample}`, rules);
    }
  }
}

function tooFew(checks: readonly Check[]): string {
  const uncounted = checks.filter(({ outcome }) => outcome === "too few");
  const bars = new Set(uncounted.flatMap(({ name }) => (name === "slice" ? [] : [name.replace("-", " ")])));
  const untold = bars.size === 0 ? "" : `; the rows are too few to tell the ${[...bars].join(" and the ")}`;
  const slices = checks.filter(({ name }) => name === "slice");
  if (slices.length === 0) return `; every other rule holds${untold}`;
  const small = uncounted.filter(({ name }) => name === "slice").length;
  return `; every other rule holds, with ${count(small)} of ${plural(slices.length, "slice")} too small to count${untold}`;
}

/** `opening: finding; finding.`, with as many findings as fit. */
function listed(opening: string, checks: readonly Check[]): string {
  let text = opening;
  for (const [index, { finding }] of checks.entries()) {
    const left = checks.length - index;
    const more = `; and ${left} more in the verdict`;
    const next = `${text}${index === 0 ? ": " : "; "}${finding}`;
    if (next.length + more.length + 1 > LONGEST) return `${text}${more}.`.slice(0, LONGEST);
    text = next;
  }
  return `${text}.`.slice(0, LONGEST);
}
