import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Baseline } from "@perennial/contracts";
import { loadArtifact, readArtifactArchive } from "@perennial/scoring";
import { beforeAll, describe, expect, it } from "vitest";
import { archive } from "../../../infra/components/endpoint/archive.ts";
import { buildBaseline } from "../../../infra/components/endpoint/baseline.ts";
import { constantGraph } from "../../../infra/components/endpoint/constant-graph.ts";
import spec from "../../../workloads/hospital-readmission/workload.ts";

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
    expect([...predictions].map((value) => Math.abs(value - spec.task.prior) < 1e-7)).toEqual([
      true,
      true,
      true,
    ]);
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
    const { version, kind, threshold, prevalence, trees, parts, hashes } = manifest;
    expect({
      version,
      kind,
      threshold,
      prevalence,
      trees,
      parts,
      data: hashes.data,
      spec: hashes.spec,
    }).toEqual({
      version: "baseline",
      kind: "baseline",
      threshold: 1,
      prevalence: spec.task.prior,
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
    const other = { ...spec, task: { ...spec.task, prior: 0.25 } };
    expect(await buildBaseline(other, specJson)).not.toEqual(artifact);
  });
});

it("an archive doesn't depend on the order of its files, and names no machine and no time", async () => {
  const one = await archive({ "b.txt": "2", "a.txt": "1" });
  expect(await archive({ "a.txt": "1", "b.txt": "2" })).toEqual(one);
  // RFC 1952: no time, and "unknown" for the operating system.
  expect([one.readUInt32LE(4), one[9]]).toEqual([0, 255]);
  expect(gunzipSync(one).subarray(0, 5).toString()).toBe("a.txt");
});

it("a graph that would read nothing is refused", () => {
  expect(() => constantGraph({ strings: 0, numbers: 0 }, 0.5)).toThrow(
    "a model reads at least one column; strings and numbers are both 0",
  );
});
