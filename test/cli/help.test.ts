import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStack } from "./stack.ts";

const COMMANDS = [
  "up",
  "retrain",
  "rollback",
  "promote",
  "freeze",
  "unfreeze",
  "status",
  "history",
  "why",
  "data gate",
  "models list",
  "models show",
  "models compare",
  "models approve",
  "models reject",
  "predict",
  "batch",
  "quality",
  "logs",
];

async function help(...argv: string[]): Promise<string> {
  const stack = openStack();
  stack.context.terminal.width = 100;
  expect(await stack.run(...argv, "--help")).toBe(0);
  return stack.written.out;
}

describe("help", () => {
  it.each(COMMANDS)("of %s says options, examples and exit codes", async (command) => {
    const text = await help(...command.split(" "));
    const parts = ["--stack <stack>", "--json", `\nExamples:\n  `, "\nExit codes:\n  0  done\n"];
    expect(parts.filter((part) => !text.includes(part))).toEqual([]);
  });

  it("is what docs/cli.md says", async () => {
    const sections = await Promise.all(
      COMMANDS.map(
        async (command) =>
          `## perennial ${command}\n\n\`\`\`text\n${(await help(...command.split(" "))).trim()}\n\`\`\`\n`,
      ),
    );
    const document = [
      "# The command line",
      "",
      "`npx perennial <command>`, the same against the local cloud, dev and prod. This page is written by",
      "`npx vitest run test/cli/help --update`; a test holds it and the commands together.",
      "",
      ...sections,
    ].join("\n");
    await expect(document).toMatchFileSnapshot(join(import.meta.dirname, "../../docs/cli.md"));
  });

  it("keeps the options within a narrow terminal", async () => {
    const stack = openStack();
    stack.context.terminal.width = 50;
    await stack.run("status", "--help");
    const [options = ""] = stack.written.out.split("\nExamples:");
    expect(options.split("\n").filter((line) => line.length > 50)).toEqual([]);
  });
});

describe("a command line that is wrong", () => {
  it.each([
    [["statu"], "error: unknown command 'statu'\n(Did you mean status?)"],
    [["status", "--jsn"], "error: unknown option '--jsn'\n(Did you mean --json?)"],
    [["retrain"], "error: missing required argument 'workload'"],
    [["predict", "w"], "error: required option '--record <file>' not specified"],
    [["why", "1", "2"], "error: too many arguments for 'why'"],
  ])("%j ends with 2 and says why", async (argv, message) => {
    const stack = openStack();
    expect([await stack.run(...argv), stack.written.err.startsWith(message)]).toEqual([2, true]);
  });

  it("without a command shows the commands", async () => {
    const stack = openStack();
    expect([await stack.run(), stack.written.err.startsWith("Usage: perennial")]).toEqual([2, true]);
  });
});
