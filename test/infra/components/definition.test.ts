import { describe, expect, it } from "vitest";
import { fill, mismatch } from "../../../infra/components/workflow/definition.ts";

const definition = JSON.stringify({
  Seconds: "${Seconds}",
  Uri: "s3://${Bucket}/x/${Workload}/",
  Network: { Isolated: true, VpcConfig: "${VpcConfig}" },
  List: ["${Workload}", 1, null],
  Result: null,
  "Path.$": "States.Format('s3://${Bucket}/{}', $.execution)",
});

describe("fill", () => {
  it("gives a whole token its value and a token within a text its text", () => {
    const fillings = { Seconds: 60, Bucket: "lake", Workload: "churn", VpcConfig: { Subnets: ["a"] } };
    expect(JSON.parse(fill(definition, fillings))).toEqual({
      Seconds: 60,
      Uri: "s3://lake/x/churn/",
      Network: { Isolated: true, VpcConfig: { Subnets: ["a"] } },
      List: ["churn", 1, null],
      Result: null,
      "Path.$": "States.Format('s3://lake/{}', $.execution)",
    });
  });

  it("leaves the key out that a token filled with null stands for, and only that", () => {
    const fillings = { Seconds: 60, Bucket: "lake", Workload: "churn", VpcConfig: null };
    const filled = JSON.parse(fill(definition, fillings));
    expect(filled.Network).toEqual({ Isolated: true });
    expect(filled.Result).toBeNull();
  });

  it("refuses a list within a text", () => {
    expect(() => fill('{"A": "x ${B}"}', { B: [] })).toThrow(
      'token B stands within "x ${B}", expected a text or number for it',
    );
  });

  it("takes a filling as it is, whatever characters it holds", () => {
    const text = 'a "quote", a \\ and $& or ${Other}';
    expect(JSON.parse(fill('{"A": "${B}", "C": "<${B}>"}', { B: text }))).toEqual({
      A: text,
      C: `<${text}>`,
    });
  });
});

describe("mismatch", () => {
  it("is null where tokens and fillings are the same", () => {
    expect(mismatch(definition, ["Bucket", "Seconds", "VpcConfig", "Workload"])).toBeNull();
  });

  it("names every token that isn't filled and every filling that isn't used", () => {
    expect(mismatch(definition, ["Seconds", "Colour", "Workload", "Size"])).toBe(
      "not filled: Bucket, VpcConfig; filled but not used: Colour, Size",
    );
  });
});
