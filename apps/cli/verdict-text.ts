import type { Verdict } from "@perennial/contracts";
import { prose, table } from "./output/layout.ts";
import { estimate } from "./output/phrases.ts";
import type { Paint } from "./output/terminal.ts";

const MEANING: Record<Verdict["status"], string> = {
  better: "The challenger is better than the champion.",
  tie: "The challenger ties with the champion, which stays.",
  worse: "The challenger is worse than the champion, which stays.",
  refused: "The challenger is refused; the champion stays.",
  unchanged: "The challenger is the champion's own model again.",
};

const MARKS = {
  passed: ["green", "passed"],
  failed: ["red", "FAILED"],
  "too few": ["yellow", "too few"],
} as const;

/** The gate's decision in words and numbers: its meaning, its reason, and every rule with what was measured. */
export function verdictLines(verdict: Verdict, width: number, paint: Paint): string[] {
  const { status, reason, checks, look, difference } = verdict;
  const rows = checks.map(({ name, outcome, measured, limit, finding }) => {
    const [style, word] = MARKS[outcome];
    return [
      paint(style, word),
      name,
      measured === null ? "" : estimate(measured),
      limit === null ? finding : `${finding}; limit: ${limit}`,
    ];
  });
  const head = ["", "rule", "measured", "finding"].map((title) => paint("dim", title));
  const taken =
    look === null
      ? "No look at the holdout was taken."
      : `Look ${look.number} of ${look.of} at the holdout ${look.holdoutSha256.slice(0, 12)}, ` +
        `at a significance level of ${Number(look.alpha.toPrecision(2))}.`;
  const between =
    look === null || difference.value === null
      ? []
      : [`Difference to the champion: ${estimate(difference)}.`];
  return [
    ...prose([paint("bold", MEANING[status]), reason, ...between, taken], width),
    ...(rows.length === 0 ? [] : ["", ...table([head, ...rows], width)]),
  ];
}

/** `text` without the verdict's reason, which stands above it already: whatever comes of a verdict quotes it. */
export const withoutReason = (text: string, verdict: Verdict | null): string =>
  verdict === null ? text : text.replaceAll(verdict.reason, "[…]");
