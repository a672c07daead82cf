import { describe, expect, it } from "vitest";
import { readRecords } from "../../apps/cli/records.ts";

describe("records", () => {
  const json = { contentType: "application/json" };
  it.each([
    ["a.json", '{"race":"Asian"}', { ...json, body: '{"records":[{"race":"Asian"}]}', count: 1 }],
    ["a.json", '[{"a":1},{"a":2}]', { ...json, body: '{"records":[{"a":1},{"a":2}]}', count: 2 }],
    ["a.json", '{"records":[{"a":1}]}', { ...json, body: '{"records":[{"a":1}]}', count: 1 }],
    ["-", '{\n "a": 1\n}\n', { ...json, body: '{"records":[{"a":1}]}', count: 1 }],
    ["-", '{"a":1}', { ...json, body: '{"records":[{"a":1}]}', count: 1 }],
    [
      "-",
      '{"a":1}\n\n{"a":2}\n',
      { contentType: "application/jsonlines", body: '{"a":1}\n{"a":2}\n', count: 2 },
    ],
    ["a.jsonl", '{"a":1}\r\n', { contentType: "application/jsonlines", body: '{"a":1}\n', count: 1 }],
    ["a.CSV", "a,b\n1,2\n", { contentType: "text/csv", body: "a,b\n1,2\n", count: 1 }],
    ["-", '\uFEFFa,b\n"x,\ny",2\n3,4', { contentType: "text/csv", body: 'a,b\n"x,\ny",2\n3,4', count: 2 }],
    ["records.txt", "a,b\n1,2\n", { contentType: "text/csv", body: "a,b\n1,2\n", count: 1 }],
  ])("of %s with the text %j are sent as they are", (path, text, body) => {
    expect(readRecords(text, path)).toEqual(body);
  });

  it.each([
    ["a.json", "  ", "a.json is empty, expected at least one record."],
    ["-", "", "Standard input is empty, expected at least one record."],
    ["a.json", "[]", "a.json holds an empty list, expected at least one record."],
    ["a.json", "[1]", "a.json holds 1 as record 1, expected an object of columns and values."],
    ["a.jsonl", '{"a":1}\n[2]\n', "a.jsonl, line 2 is no object, expected one record a line."],
    ["a.csv", "a,b\n", "a.csv has only one line, expected a header and at least one record."],
    ["a.csv", "a,b\n1,2\n\n1\n", "a.csv, line 4 has 1 fields, expected 2 as in the header (record 2)."],
    ["a.csv", 'a,b\n1,"2', "a.csv ends within a quoted field; is it cut off?"],
  ])("of %s with the text %j are refused", (path, text, message) => {
    expect(() => readRecords(text, path)).toThrow(message);
  });

  it("say where JSON is damaged", () => {
    expect(() => readRecords('{"a":1', "a.json")).toThrow(/^a\.json is no JSON: .*position 6/);
    expect(() => readRecords('{"a":1}\n{"a":', "a.jsonl")).toThrow(/^a\.jsonl, line 2 is no JSON: /);
  });
});
