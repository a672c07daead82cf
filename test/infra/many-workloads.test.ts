import { Platform } from "@perennial/contracts";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Workload } from "../../infra/workloads.ts";
import type { Registered } from "../support/deploy.ts";
import { evaluate } from "../support/program.ts";
import { statementsOf } from "../support/statements.ts";
import spec from "../../workloads/hospital-readmission/workload.ts";

// Five workloads with the longest names: the limits of AWS that grow with them.
const NAMES = ["a", "b", "c", "d", "e"].map((letter) => `${letter.repeat(15)}-${letter.repeat(16)}`);
const SOURCE = new URL("../../workloads/hospital-readmission/features.sql", import.meta.url).pathname;

const workloads: Workload[] = NAMES.map((name) => ({
  spec: { ...spec, name },
  specJson: JSON.stringify({ ...spec, name }),
  queries: { "features.sql": "select 1" },
  source: { path: SOURCE, fileName: "rows.csv.gz" },
}));
let resources: Registered[];

beforeAll(async () => {
  vi.resetModules();
  vi.doMock("../../infra/workloads.ts", () => ({
    readWorkloads: async () => await Promise.resolve(workloads),
  }));
  resources = await evaluate("dev", async () => await import("../../infra/index.ts"));
  vi.doUnmock("../../infra/workloads.ts");
}, 120_000);

const of = (type: string) => resources.filter((resource) => resource.type === type);

describe("with five workloads of the longest names", () => {
  it("no role outgrows the 10,240 characters that IAM allows its policies", () => {
    const sizes = new Map<string, number>();
    for (const { inputs } of of("aws:iam/rolePolicy:RolePolicy")) {
      const role = String(inputs["role"]);
      // IAM doesn't count white space, and JSON.stringify writes none.
      sizes.set(role, (sizes.get(role) ?? 0) + JSON.stringify(inputs["policy"]).length);
    }
    expect([...sizes].filter(([, size]) => size > 10_240)).toEqual([]);
  });

  it("no function outgrows the 4 KB of environment that Lambda allows", () => {
    const sizes = of("aws:lambda/function:Function").map(({ name, inputs }) => [
      name,
      JSON.stringify(inputs["environment"].variables).length,
    ]);
    expect(sizes.filter(([, size]) => Number(size) > 4096)).toEqual([]);
  });

  it("the platform fits its parameter of 8 KB", () => {
    const [parameter] = of("aws:ssm/parameter:Parameter").filter(({ name }) => name === "platform");
    const value = String(parameter?.inputs["insecureValue"]);
    expect(value.length).toBeLessThanOrEqual(8192);
    expect(Platform.parse(JSON.parse(value)).workloads.map(({ name }) => name)).toEqual(NAMES);
  });

  it("no rule outgrows the 2,048 characters of a pattern or its five targets", () => {
    const patterns = of("aws:cloudwatch/eventRule:EventRule").map(({ inputs }) =>
      String(inputs["eventPattern"] ?? ""),
    );
    expect(patterns.filter((pattern) => pattern.length > 2048)).toEqual([]);
    const targets = Object.groupBy(of("aws:cloudwatch/eventTarget:EventTarget"), ({ inputs }) =>
      String(inputs["rule"]),
    );
    expect(Object.entries(targets).filter(([, { length } = []]) => length > 5)).toEqual([]);
  });

  it("no two resources of a type are named alike", () => {
    const urns = resources.map(({ urn }) => urn);
    expect(urns.filter((urn, index) => urns.indexOf(urn) !== index)).toEqual([]);
  });

  it("a workload's own roles reach no other workload's data, jobs, models or endpoint", () => {
    const strays = statementsOf(resources).filter(({ role, Effect, Resource }) => {
      const owner = NAMES.find((name) => role.includes(name));
      const others = NAMES.filter((name) => name !== owner);
      return (
        owner !== undefined &&
        Effect === "Allow" &&
        Resource.some((arn) => others.some((name) => arn.includes(name)))
      );
    });
    expect(strays).toEqual([]);
  });
});
