import { expect, it } from "vitest";
import { readSources, workloadNames } from "./sources.ts";

const LONGEST = 300;

it("keeps every source file to one idea: at most 300 lines", () => {
  const tooLong = readSources(/\.(ts|js|py|sql|sh)$/)
    .filter(({ path }) => !/(^|\/)tests?\//.test(path))
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > LONGEST);
  expect(tooLong).toEqual([]);
});

it("names a workload in its own folder alone, and in words, tests and settings", () => {
  // The client's types are written from the specs by a command.
  const mayName =
    /^(workloads|docs|bench|packages\/client\/src\/generated)\/|(^|\/)tests?\/|\.md$|^Pulumi\.[\w-]+\.yaml$/;
  // However it is spelt: match-outcome, matchOutcome, MATCH_OUTCOME, "Match outcome".
  const names = workloadNames().map((name) => new RegExp(name.replaceAll("-", "[-_ ]?"), "i"));
  const naming = readSources(/./)
    .filter(({ path, text }) => !mayName.test(path) && names.some((name) => name.test(text)))
    .map(({ path }) => path);
  expect(naming).toEqual([]);
});

it("leaves the choice of a registry to whoever installs: no lock names a host", () => {
  const hosts = readSources(/(^|\/)(package-lock\.json|[\w.-]+\.lock)$/).flatMap(({ path, text }) =>
    text
      .split("\n")
      .filter((line) => (path.endsWith(".json") ? /"resolved": "[\w+]+:\/\// : /:\/\//).test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(hosts).toEqual([]);
});

it("keeps AWS out of the training code", () => {
  const importing = readSources(/^training-images\/.*\.py$/)
    .filter(({ text }) => /^\s*(import|from) (boto3|botocore|sagemaker)\b/m.test(text))
    .map(({ path }) => path);
  expect(importing).toEqual([]);
});
