import { describe, expect, it } from "vitest";
import { hint } from "../../apps/cli/did-you-mean.ts";
import { cut, prose, table, wrap } from "../../apps/cli/output/layout.ts";
import { ago, because, brief, estimate, moment, span } from "../../apps/cli/output/phrases.ts";
import { coloured, isColoured, widthOf } from "../../apps/cli/output/terminal.ts";

describe("layout", () => {
  it.each([
    ["short", 10, ["short"]],
    ["one two three", 7, ["one two", "three"]],
    ["one\ntwo", 10, ["one", "two"]],
    ["abcdefghij", 4, ["abcd", "efgh", "ij"]],
    ["a abcdefgh", 4, ["a", "abcd", "efgh"]],
    ["", 4, [""]],
    ["as long as it is", Infinity, ["as long as it is"]],
  ])("wraps %j to %d columns", (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });

  it("wraps prose behind its own indentation", () => {
    expect(prose(["one two three", "  four five six"], 9)).toEqual([
      "one two",
      "three",
      "  four",
      "  five",
      "  six",
    ]);
  });

  it.each([
    ["seven c", 7, "seven c"],
    ["eight ch", 7, "eight …"],
    [coloured("red", "red text"), 5, "red …"],
    [coloured("red", "red"), 5, coloured("red", "red")],
  ])("cuts %j to %d columns", (text, width, line) => {
    expect(cut(text, width)).toBe(line);
  });

  const rows = [
    ["1", coloured("green", "passed"), "the interval lies above zero"],
    ["20", "FAILED", "too slow"],
  ];

  it("aligns columns by what is seen, not by colour codes", () => {
    expect(table(rows, Infinity)).toEqual([
      `1   ${coloured("green", "passed")}  the interval lies above zero`,
      "20  FAILED  too slow",
    ]);
  });

  it("wraps the last column under itself", () => {
    expect(table(rows, 38)).toEqual([
      `1   ${coloured("green", "passed")}  the interval lies above`,
      "            zero",
      "20  FAILED  too slow",
    ]);
  });

  it("puts the last column below the others on a narrow terminal", () => {
    expect(table(rows, 30)).toEqual([
      `1   ${coloured("green", "passed")}`,
      "    the interval lies above",
      "    zero",
      "20  FAILED",
      "    too slow",
    ]);
  });
});

describe("phrases", () => {
  it.each([
    [0, "0 s"],
    [41_400, "41 s"],
    [60_000, "1 min"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
    [90_061_000, "1 d 1 h"],
    [-5, "0 s"],
  ])("says %d ms as %s", (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  it.each([
    ["2026-03-01T11:59:55Z", "just now"],
    ["2026-03-01T11:59:20Z", "40 s ago"],
    ["2026-03-01T11:15:00Z", "45 min ago"],
    ["2026-03-01T02:00:00Z", "10 h ago"],
    ["2026-02-20T12:00:00Z", "9 d ago"],
    ["2026-03-01T12:00:30Z", "just now"],
  ])("says how long ago %s was: %s", (instant, text) => {
    expect(ago(instant, new Date("2026-03-01T12:00:00Z"))).toBe(text);
  });

  it.each([
    [{ value: 0.67123, lower: 0.65501, upper: 0.68749 }, "0.6712 (0.6550 to 0.6875)"],
    [{ value: 38.04, lower: null, upper: null }, "38.04"],
    [{ value: 1234.5, lower: null, upper: null }, "1235"],
    [{ value: 1, lower: null, upper: null }, "1"],
    [{ value: null, lower: null, upper: null }, "–"],
  ])("says %j as %s", (value, text) => {
    expect(estimate(value)).toBe(text);
  });

  it("says long texts briefly, cut at a word", () => {
    expect(brief("short")).toBe("short");
    expect(brief("word ".repeat(60))).toBe(`${"word ".repeat(32)}…`);
    expect(brief("x".repeat(200))).toBe(`${"x".repeat(160)} …`);
  });

  it("says times in UTC", () => {
    expect(moment("2026-03-01T03:00:00+01:00")).toBe("2026-03-01 02:00:00");
  });

  const cause = {
    kind: "manual",
    id: "1",
    time: "2026-03-01T02:00:00Z",
    reason: "new data",
    coalesced: 0,
  } as const;
  it.each([
    [cause, "manual: new data"],
    [{ ...cause, requestedBy: "ada", coalesced: 2 }, "manual by ada: new data, with 2 more that had waited"],
    [null, "cause unknown"],
  ])("says why: %j", (given, text) => {
    expect(because(given)).toBe(text);
  });
});

describe("a terminal", () => {
  it.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { NO_COLOR: "" }, true],
    [{ isTTY: true }, { NO_COLOR: "1" }, false],
    [{ isTTY: true }, { TERM: "dumb" }, false],
    [{}, {}, false],
  ])("%j with %j has colours: %s", (stream, environment, colours) => {
    expect(isColoured(stream, environment)).toBe(colours);
  });

  it.each([
    [{ isTTY: true, columns: 100 }, 100],
    [{ isTTY: true, columns: 3 }, 24],
    [{ isTTY: true }, 80],
    [{ columns: 100 }, Infinity],
  ])("%j is %d columns wide", (stream, width) => {
    expect(widthOf(stream)).toBe(width);
  });
});

it("a sentence about an unknown name ends with what was meant, or with nothing", () => {
  const known = ["match-outcome", "training"];
  expect([hint("traning", known), hint("xyz", known)]).toEqual([' Did you mean "training"?', ""]);
});
