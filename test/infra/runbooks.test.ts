import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";
import type { Registered } from "../support/deploy.ts";
import { evaluate } from "../support/program.ts";

const FOLDER = join(import.meta.dirname, "../../docs/runbooks");
const PAGES = readdirSync(FOLDER).filter((file) => file !== "README.md");
let resources: Registered[];

beforeAll(async () => {
  vi.resetModules();
  resources = await evaluate("dev", async () => await import("../../infra/index.ts"));
}, 120_000);

const of = (type: string) => resources.filter((resource) => resource.type === type);

/** Every alarm's name and description: those of the program, and those that its workflows make. */
function alarms(): [name: string, description: string][] {
  const made = of("aws:sfn/stateMachine:StateMachine").flatMap(({ inputs }) =>
    Object.entries(JSON.parse(String(inputs["definition"])).States as Record<string, State>)
      .filter(([, { Resource }]) => Resource?.endsWith(":putMetricAlarm"))
      .map(([name, { Parameters }]): [string, string] => [name, Parameters?.AlarmDescription ?? ""]),
  );
  const registered = of("aws:cloudwatch/metricAlarm:MetricAlarm").map(({ inputs }): [string, string] => [
    String(inputs["name"]),
    String(inputs["alarmDescription"]),
  ]);
  return [...registered, ...made];
}

interface State {
  Resource?: string;
  Parameters?: { AlarmDescription?: string };
}

const pageOf = (description: string) =>
  / Runbook: docs\/runbooks\/([\w-]+\.md)$/.exec(description)?.[1] ?? "";

it("every alarm names a runbook that exists", () => {
  const without = alarms().filter(([, description]) => !PAGES.includes(pageOf(description)));
  expect(without).toEqual([]);
});

it("every runbook is named by an alarm, and listed", () => {
  const named = new Set(alarms().map(([, description]) => pageOf(description)));
  expect([...named].toSorted()).toEqual(PAGES.toSorted());
  const list = readFileSync(join(FOLDER, "README.md"), "utf8");
  expect(PAGES.filter((page) => !list.includes(`(${page})`))).toEqual([]);
});

it.each(PAGES)("%s says what it means, how to look and what to do", (page) => {
  const headings = readFileSync(join(FOLDER, page), "utf8").match(
    /^\*\*(What it means|How to look|What to do)/gm,
  );
  expect(headings).toEqual(["**What it means", "**How to look", "**What to do"]);
});

it("every command of a runbook is one of the command line", () => {
  const help = readFileSync(join(FOLDER, "../cli.md"), "utf8");
  const used = [...PAGES, "README.md"].flatMap((page) =>
    [...readFileSync(join(FOLDER, page), "utf8").matchAll(/npx perennial (\w+)/g)].map(
      ([, command]) => command,
    ),
  );
  expect(used.filter((command) => !help.includes(`## perennial ${command}\n`))).toEqual([]);
});
