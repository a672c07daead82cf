import { countInvalid, loadArtifact, type Model, PredictionFault } from "@perennial/scoring";
import { describe, expect, it } from "vitest";
import { artifactArchive, artifactFiles, type ArtifactParts } from "../support/artifact.ts";
import { DURATION_ARTIFACT, MATCH_ARTIFACT, matchProbabilities } from "../support/task-artifacts.ts";

async function modelOf(parts: ArtifactParts): Promise<Model> {
  return loadArtifact(await artifactArchive(artifactFiles(parts)));
}

const match = (form: number, opponent_form: number) => ({
  team: "Arsenal",
  opponent: "Leeds",
  date: "2026-01-31",
  form,
  opponent_form,
});
const DAY = Date.parse("2026-01-31") / 86_400_000;

describe("several classes", () => {
  it("are answered row by row, a column for each", async () => {
    const predictions = await (await modelOf(MATCH_ARTIFACT)).predict([match(1, 2), match(3, 0)]);
    const expected = [matchProbabilities(DAY, 1, 2), matchProbabilities(DAY, 3, 0)].flat();
    expect(predictions).toHaveLength(6);
    expected.forEach((probability, index) => expect(predictions[index]).toBeCloseTo(probability, 6));
  });

  it("keep their rows over several chunks", async () => {
    const model = await modelOf(MATCH_ARTIFACT);
    const rows = Array.from({ length: 300 }, (_, row) => match((row % 7) / 3, (row % 5) / 2));
    const together = await model.score(rows);
    const apart = await Promise.all(rows.map(async (row) => [...(await model.score([row]))]));
    expect([...together]).toEqual(apart.flat());
  });

  it("are no prediction where they don't add up to 1", async () => {
    const { graph } = MATCH_ARTIFACT;
    if (graph === undefined) throw new Error("expected a graph");
    const nodes = graph.nodes.map((node) => (node.type === "Softmax" ? { ...node, type: "Sigmoid" } : node));
    const model = await modelOf({ ...MATCH_ARTIFACT, graph: { ...graph, nodes } });
    const fault: unknown = await model.predict([match(1, 1)]).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(PredictionFault);
    expect((fault as Error).message).toMatch(
      /^model.onnx answered with probabilities that add up to 1\.\d{4} for record 0; expected a sum of 1$/,
    );
  });
});

describe("a quantity", () => {
  it("is answered with the ends of its interval", async () => {
    const model = await modelOf(DURATION_ARTIFACT);
    expect([...(await model.predict([{ severity: 3 }, {}]))]).toEqual([10, 7, 13, 4, 4, 4]);
  });

  it.each([
    [{ severity: 20 }, "44, from 24 to 64,"],
    [{ severity: -1 }, "2, from 3 to 1,"],
  ])("is no prediction where it leaves its limits or its interval: %j", async (record, found) => {
    const fault: unknown = await (
      await modelOf(DURATION_ARTIFACT)
    )
      .predict([{ severity: 1 }, record])
      .catch((error: unknown) => error);
    expect((fault as Error).message).toBe(
      `model.onnx answered with ${found} for record 1; expected an estimate within its interval, both from 4 to 40`,
    );
  });
});

describe("predictions that the task doesn't allow", () => {
  const { task: classes } = MATCH_ARTIFACT.manifest;
  const { task: quantity } = DURATION_ARTIFACT.manifest;
  const binary = { kind: "binary", outcome: "x", threshold: 0.5, prevalence: 0.1 } as const;
  it.each([
    [binary, 1, [0, 1, 0.5, Number.NaN, -0.1, 1.1], 3],
    [classes, 3, [0.2, 0.3, 0.5, 0.2, 0.3, 0.4, 1.2, -0.1, -0.1, Number.NaN, 0.5, 0.5], 3],
    [classes, 3, [0.2, 0.3, 0.500_09], 0],
    [quantity, 3, [10, 8, 12, 10, 11, 12, 10, Number.NaN, 12, 10, 8, Infinity, 10, 3, 12], 4],
  ])("are counted by rows: %#", (task, columns, predictions, invalid) => {
    if (task === undefined) throw new Error("expected a task");
    expect(countInvalid(task, predictions, columns)).toBe(invalid);
  });
});

describe("an artifact at odds with its task", () => {
  it.each([
    [
      { ...MATCH_ARTIFACT.manifest, output: { name: "prediction", columns: 2 } as const },
      "the output has 2 columns, not the 3 of a multiclass task",
    ],
    [
      {
        ...MATCH_ARTIFACT.manifest,
        lookups: [{ entity: "team_form", by: "club", at: null, maxAge: 1, columns: { team: "points" } }],
      },
      'the lookup of team_form reads "club", which is no field; the lookup of team_form fills "team", which is no numeric input',
    ],
  ])("is refused: %#", async (manifest, found) => {
    const refused: unknown = await modelOf({ ...MATCH_ARTIFACT, manifest }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ file: "manifest.json", found });
  });
});
