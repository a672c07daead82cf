import { FUNCTIONS, parse } from "@perennial/contracts";
import { describe, expect, it } from "vitest";

const { environment } = FUNCTIONS["admit-retraining"];
const settings = {
  stateMachineArn: "arn:aws:states:eu-central-1:123456789012:stateMachine:m",
  coolDownMinutes: 0,
  dailyBudget: 1,
  leaseMinutes: 60,
  rawUri: "s3://lake/raw/churn/",
  snapshotsUri: "s3://lake/snapshots/churn/",
  search: false,
};

describe("a function's environment", () => {
  it("is read with its JSON parsed, whatever else the process has", () => {
    const variables = {
      LEDGER_TABLE: "ledger",
      WORKLOADS: JSON.stringify({ churn: settings }),
      PATH: "/bin",
    };
    expect(parse(environment, variables, "environment of admit-retraining")).toEqual({
      LEDGER_TABLE: "ledger",
      WORKLOADS: { churn: settings },
    });
  });

  it.each([
    [
      {},
      [
        "LEDGER_TABLE: given nothing; expected string, received undefined",
        "WORKLOADS: given nothing; expected string, received undefined",
      ],
    ],
    [
      { LEDGER_TABLE: "", WORKLOADS: "{" },
      [
        'LEDGER_TABLE: given ""; Too small: expected string to have >=1 characters',
        'WORKLOADS: given "{"; expected JSON',
      ],
    ],
    [
      {
        LEDGER_TABLE: "ledger",
        WORKLOADS: JSON.stringify({ churn: { ...settings, dailyBudget: 0, colour: "red" } }),
      },
      [
        "WORKLOADS.churn.dailyBudget: given 0; Too small: expected number to be >0",
        "WORKLOADS.churn.colour: unknown key; remove it or correct its spelling",
      ],
    ],
  ])("that isn't whole is refused, naming every variable: %j", (variables, faults) => {
    expect(() => parse(environment, variables, "environment of admit-retraining")).toThrow(
      [
        `environment of admit-retraining is refused, ${faults.length} faults:`,
        ...faults.map((fault) => `  ${fault}`),
      ].join("\n"),
    );
  });
});
