import {
  InvalidRecords,
  JointPredictor,
  loadArtifact,
  type Model,
  PredictionFault,
} from "@perennial/scoring";
import { describe, expect, it, onTestFinished } from "vitest";
import { artifactArchive, artifactFiles, linearProbability, NAN_GRAPH } from "../support/artifact.ts";

async function joint(parts: Parameters<typeof artifactFiles>[0] = {}) {
  const model = await loadArtifact(await artifactArchive(artifactFiles(parts)));
  onTestFinished(() => model.close());
  const runs: number[] = [];
  const predictEncoded = model.predictEncoded.bind(model);
  model.predictEncoded = (encoded) => {
    runs.push(encoded.rows);
    return predictEncoded(encoded);
  };
  return { model, predictor: new JointPredictor(model), runs };
}

const days = (day: number) => ({ sex: "Female", days: day, weight: 60 + day });
const alone = (model: Model, day: number) => model.score([days(day)]);

describe("predictions for callers that overlap", () => {
  it("go through the graph together while it is busy, each caller with its own", async () => {
    const { model, predictor, runs } = await joint();
    const answers = await Promise.all([1, 2, 3, 4].map((day) => predictor.predict([days(day), days(14)])));
    expect(runs).toEqual([2, 6]);
    for (const [place, [probability, last]] of answers.entries()) {
      expect(probability).toBeCloseTo(linearProbability(days(place + 1)), 6);
      expect(last).toBeCloseTo(linearProbability(days(14)), 6);
    }
    expect(answers.map(([probability]) => probability)).toEqual(
      await Promise.all([1, 2, 3, 4].map(async (day) => (await alone(model, day))[0])),
    );
  });

  it("wait for nobody where there is nobody else", async () => {
    const { predictor, runs } = await joint();
    await predictor.predict([days(1)]);
    await predictor.predict([days(2)]);
    expect(runs).toEqual([1, 1]);
  });

  it("fill runs of 128 rows, and what is larger has runs of its own", async () => {
    const { predictor, runs } = await joint();
    const rows = (count: number) => Array.from({ length: count }, () => days(3));
    await Promise.all([1, 100, 28, 1, 129].map((count) => predictor.predict(rows(count))));
    expect(runs.toSorted((one, other) => one - other)).toEqual([1, 1, 128, 129]);
  });

  it("are refused to whom they have to be, and to nobody else", async () => {
    const { predictor, runs } = await joint();
    const outcomes = await Promise.allSettled(
      [days(1), days(99), days(2), days(3)].map((record) => predictor.predict([record])),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({ reason: expect.any(InvalidRecords) as InvalidRecords });
    expect(runs).toEqual([1, 2]);
  });

  it("fail for whom the model fails, and for nobody else", async () => {
    // This graph can't do without a weight.
    const { predictor, runs } = await joint({ graph: NAN_GRAPH });
    const records = [days(1), days(2), { sex: "Female", days: 3 }, days(4)];
    const outcomes = await Promise.allSettled(records.map((record) => predictor.predict([record])));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect(outcomes[2]).toMatchObject({ reason: expect.any(PredictionFault) as PredictionFault });
    expect(runs).toEqual([1, 3, 1, 1, 1]);
    expect((await predictor.predict([days(5)])).length).toBe(1);
  });
});
