import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Baseline, type ManifestTask, type Task } from "@perennial/contracts";
import { loadArtifact, readArtifactArchive } from "@perennial/scoring";
import { beforeAll, describe, expect, it } from "vitest";
import { archive } from "../../../infra/components/endpoint/archive.ts";
import { buildBaseline } from "../../../infra/components/endpoint/baseline.ts";
import { constantGraph } from "../../../infra/components/endpoint/constant-graph.ts";
import spec from "../../../workloads/hospital-readmission/workload.ts";
import { TEST_SPEC } from "../../support/test-workload.ts";

if (spec.task.kind !== "binary") throw new Error("these tests are about a binary workload");
const { task } = spec;
const PRIOR = task.prior;
const specJson = JSON.stringify(spec);
let artifact: Buffer;
beforeAll(async () => {
  artifact = await buildBaseline(spec, specJson);
});

describe("the baseline", () => {
  it("is loaded like any model and answers every record with the prior", async () => {
    const model = await loadArtifact(artifact);
    const required = model.manifest.inputs.filter((input) => input.required);
    const record = Object.fromEntries(
      required.map((input) => [
        input.name,
        input.type === "category" ? (input.levels[0] ?? "") : "min" in input ? input.min : "250.83",
      ]),
    );
    const predictions = await model.score([record, record, record]);
    const prior = Math.fround(PRIOR);
    expect([...predictions]).toEqual([prior, prior, prior]);
    await model.close();
  });

  it("reads the columns that features read, texts first, each at its place", async () => {
    const { manifest } = await readArtifactArchive(artifact);
    const texts = manifest.inputs.filter(({ type }) => type === "category" || type === "code");
    const numbers = manifest.inputs.filter(({ type }) => type === "integer" || type === "number");
    expect(manifest.inputs).toEqual([...texts, ...numbers]);
    expect(texts.map(({ index }) => index)).toEqual(texts.map((_, place) => place));
    expect(numbers.map(({ index }) => index)).toEqual(numbers.map((_, place) => place));
    const known = [
      ...Object.keys(spec.source.columns),
      ...Object.keys(spec.source.unused),
      ...Object.keys(spec.derived),
    ];
    expect([...manifest.inputs.map(({ name }) => name), ...manifest.ignored].toSorted()).toEqual(
      known.toSorted(),
    );
  });

  it("says what it is: the prior, no data, no trees, nobody flagged", async () => {
    const { manifest, files } = await readArtifactArchive(artifact);
    const { version, kind, algorithm, task: answered, trees, parts, hashes } = manifest;
    expect({
      version,
      kind,
      algorithm,
      answered,
      trees,
      parts,
      data: hashes.data,
      spec: hashes.spec,
    }).toEqual({
      version: "baseline",
      kind: "baseline",
      algorithm: { kind: "constant", hyperparameters: {} },
      answered: { kind: "binary", outcome: task.outcome, threshold: 1, prevalence: PRIOR },
      trees: { count: 0, depth: 0 },
      parts: null,
      data: null,
      spec: createHash("sha256").update(specJson).digest("hex"),
    });
    const counts = Baseline.parse(JSON.parse(files["baseline.json"].toString()));
    expect(Object.keys(counts.inputs)).toEqual(manifest.inputs.map(({ name }) => name));
  });

  it("has the same bytes for the same spec, and others for another prior", async () => {
    expect(await buildBaseline(spec, specJson)).toEqual(artifact);
    const other = { ...spec, task: { ...task, prior: 0.25 } };
    expect(await buildBaseline(other, specJson)).not.toEqual(artifact);
  });
});

describe.each<[Task, ManifestTask, number[], Baseline["predictions"][number]]>([
  [
    {
      kind: "multiclass",
      target: "result",
      classes: [
        { name: "loss", levels: ["L"], prior: 0.375 },
        { name: "draw", levels: ["D"], prior: 0.25 },
        { name: "win", levels: ["W"], prior: 0.375 },
      ],
    },
    {
      kind: "multiclass",
      classes: [
        { name: "loss", share: 0.375 },
        { name: "draw", share: 0.25 },
        { name: "win", share: 0.375 },
      ],
    },
    [0.375, 0.25, 0.375],
    { name: "win", min: 0, max: 1, counts: Array.from({ length: 20 }, () => 0) },
  ],
  [
    {
      kind: "regression",
      target: "duration",
      unit: "days",
      min: 4,
      max: 40,
      coverage: 0.9,
      prior: { median: 12, lower: 4, upper: 30.5 },
    },
    { kind: "regression", unit: "days", min: 4, max: 40, coverage: 0.9, median: 12 },
    [12, 4, 30.5],
    { name: "upper", min: 4, max: 40, counts: Array.from({ length: 20 }, () => 0) },
  ],
])("the baseline of a task that is %o", (asked, answered, values, last) => {
  it("answers every record with what the spec says beforehand, one column for each output", async () => {
    const bytes = await buildBaseline({ ...TEST_SPEC, task: asked }, specJson);
    const model = await loadArtifact(bytes);
    expect(model.manifest.task).toEqual(answered);
    expect([...(await model.score([{ days: 3 }, { days: 5 }]))]).toEqual([...values, ...values]);
    await model.close();
    const { files } = await readArtifactArchive(bytes);
    expect(Baseline.parse(JSON.parse(files["baseline.json"].toString())).predictions.at(-1)).toEqual(last);
    expect(JSON.parse(files["structure.json"].toString())).toEqual({ kind: "constant", outputs: values });
  });
});

it("looks up what a record leaves out of the columns that it reads, as of the record's time", async () => {
  const derived = { type: "number" as const, description: "Form.", min: 0, max: 3, withheldShare: 0 };
  const bytes = await buildBaseline(
    {
      ...TEST_SPEC,
      source: {
        ...TEST_SPEC.source,
        time: "admitted",
        columns: {
          ...TEST_SPEC.source.columns,
          admitted: {
            type: "date",
            description: "Day.",
            min: "2000-01-01",
            max: "2030-01-01",
            required: false,
          },
        },
      },
      derived: { form: derived, unread: derived },
      features: [...TEST_SPEC.features, { kind: "number", name: "form", column: "form" }],
      entities: {
        ward_form: {
          description: "A ward.",
          key: "ward",
          maxAge: 30,
          lookups: [{ by: "ward", columns: { form: "mean_form", unread: "other" } }],
        },
      },
    },
    specJson,
  );
  const { manifest } = await readArtifactArchive(bytes);
  expect(manifest.lookups).toEqual([
    { entity: "ward_form", by: "ward", at: "admitted", maxAge: 30, columns: { form: "mean_form" } },
  ]);
});

it("an archive doesn't depend on the order of its files, and names no machine and no time", async () => {
  const one = await archive({ "b.txt": "2", "a.txt": "1" });
  expect(await archive({ "a.txt": "1", "b.txt": "2" })).toEqual(one);
  // RFC 1952: no time, and "unknown" for the operating system.
  expect([one.readUInt32LE(4), one[9]]).toEqual([0, 255]);
  expect(gunzipSync(one).subarray(0, 5).toString()).toBe("a.txt");
});

it("a graph that would read nothing is refused", () => {
  expect(() => constantGraph({ strings: 0, numbers: 0 }, [0.5])).toThrow(
    "a model reads at least one column; strings and numbers are both 0",
  );
});
