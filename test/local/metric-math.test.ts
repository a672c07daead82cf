import { describe, expect, it } from "vitest";
import { seriesOf } from "../../local/monitoring/alarm-series.ts";
import { parseExpression } from "../../local/monitoring/expression.ts";
import { Metrics } from "../../local/monitoring/metrics.ts";

const VALUES: Record<string, number> = { a: 6, b: 4, zero: 0 };
const valueOf = (id: string) => VALUES[id];

describe("an expression", () => {
  it.each<[string, number | undefined]>([
    ["a", 6],
    ["1.5", 1.5],
    ["a + b * 2", 14],
    ["(a + b) * 2", 20],
    ["a - b - 1", 1],
    ["a / b / 2", 0.75],
    ["a > b", 1],
    ["a <= b", 0],
    ["a + 1 >= b * 2", 0],
    ["IF(a > b, a, b)", 6],
    ["IF(zero, a, b)", 4],
    ["IF(a >= 100, a / zero, 0)", 0],
    ["FILL(nothing, 3)", 3],
    ["FILL(a, 3)", 6],
    ["nothing + 1", undefined],
    ["IF(nothing, a, b)", undefined],
    ["IF(a, nothing, b)", undefined],
    ["a / zero", undefined],
    ["IF(FILL(nothing, 0) >= 20, a / nothing, 0)", 0],
  ])("%s is %s", (text, expected) => {
    expect(parseExpression(text)(valueOf)).toBe(expected);
  });

  it.each([
    ["", 'Expression "": expected a number, an id, IF(…) or FILL(…), found its end.'],
    ["a +", 'Expression "a +": expected a number, an id, IF(…) or FILL(…), found its end.'],
    ["a b", 'Expression "a b": expected its end, found "b".'],
    ["(a", 'Expression "(a": expected ")", found its end.'],
    ["RATE(a)", 'Expression "RATE(a)": RATE of 1 is not emulated; IF of 3 and FILL of 2 are.'],
    ["IF(a, b)", 'Expression "IF(a, b)": IF of 2 is not emulated; IF of 3 and FILL of 2 are.'],
    ["a && b", 'Expression "a && b": " && b" is not emulated; arithmetic, comparisons, IF and FILL are.'],
  ])("%j is refused, and the message says what is emulated", (text, message) => {
    expect(() => parseExpression(text)).toThrow(message);
  });
});

describe("an alarm on metric math", () => {
  const metric = (Id: string, MetricName: string, Stat = "Sum", Period = 60) => ({
    Id,
    MetricStat: { Metric: { Namespace: "N", MetricName }, Stat, Period },
    ReturnData: false,
  });
  const share = { Id: "result", Expression: "refused / requests", ReturnData: true };

  it("watches the expression over the statistics of one period", () => {
    const metrics = new Metrics(() => 60_000);
    const put = (name: string, value: number, at: number) =>
      metrics.put({ namespace: "N", name, dimensions: {} }, value, 1, at);
    put("Refused", 2, 61_000);
    put("Requests", 5, 61_000);
    put("Requests", 3, 119_000);
    const { period, value } = seriesOf({
      Metrics: [share, metric("refused", "Refused"), metric("requests", "Requests")],
    });
    expect([period, value(metrics, 60_000, 120_000), value(metrics, 120_000, 180_000)]).toEqual([
      60,
      0.25,
      undefined,
    ]);
  });

  it.each<[object[], string]>([
    [
      [share, { ...metric("m", "M"), ReturnData: true }],
      "2 of the Metrics return data, expected exactly one.",
    ],
    [
      [share, metric("a", "A"), metric("b", "B", "Sum", 300)],
      "The Metrics have 2 periods; expressions over exactly one are emulated.",
    ],
    [[{ Id: "x" }, metric("a", "A")], "Metric x: exactly one of Expression and MetricStat must be given."],
    [
      [{ Id: "x", Expression: "SUM(m)" }, metric("a", "A")],
      'Expression "SUM(m)": SUM of 1 is not emulated; IF of 3 and FILL of 2 are.',
    ],
  ])("is refused with %j", (Metrics_, message) => {
    expect(() => seriesOf({ Metrics: Metrics_ })).toThrow(message);
  });
});
