import { loadArtifact, measureMicros, PredictionFault, type Model } from "@perennial/scoring";
import { describe, expect, it } from "vitest";
import {
  artifactArchive,
  artifactFiles,
  FAILING_GRAPH,
  linearProbability,
  NAN_GRAPH,
  type ArtifactParts,
} from "../support/artifact.ts";

async function modelOf(parts: ArtifactParts): Promise<Model> {
  return loadArtifact(await artifactArchive(artifactFiles(parts)));
}

const errorOf = async (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

it("scores no records with no probabilities", async () => {
  expect(await (await modelOf({})).score([])).toEqual(new Float32Array(0));
});

it("scores a thousand records as it scores each of them", async () => {
  const model = await modelOf({});
  const records = Array.from({ length: 1_000 }, (_, index) => ({
    days: 1 + (index % 14),
    weight: index % 3 === 0 ? null : 50 + (index % 100),
    sex: ["Female", "Male", "?"][index % 3],
  }));
  const together = await model.score(records);
  const apart = await Promise.all(records.map(async (record) => (await model.score([record]))[0]));
  expect([...together]).toEqual(apart);
});

it("keeps overlapping requests apart", async () => {
  const model = await modelOf({});
  const answers = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => model.score([{ days: 1 + (index % 14) }])),
  );
  answers.forEach(([probability], index) => {
    expect(probability).toBeCloseTo(linearProbability({ days: 1 + (index % 14) }), 6);
  });
});

describe("a graph that answers with NaN", () => {
  const records = [{ days: 3, weight: 80 }, { days: 3 }];

  it("shows it to an evaluation", async () => {
    const [first, second] = await (await modelOf({ graph: NAN_GRAPH })).score(records);
    expect(first).toBeCloseTo(linearProbability({ days: 3, weight: 80 }), 6);
    expect(second).toBeNaN();
  });

  it("fails a prediction that someone would act on", async () => {
    const fault = await errorOf((await modelOf({ graph: NAN_GRAPH })).predict(records));
    expect(fault).toBeInstanceOf(PredictionFault);
    expect((fault as Error).message).toBe(
      "model.onnx answered with NaN for record 1; expected a probability from 0 to 1",
    );
  });

  it("fails the probe", async () => {
    expect(await errorOf((await modelOf({ graph: NAN_GRAPH })).probe())).toBeInstanceOf(PredictionFault);
  });
});

describe("a graph that fails", () => {
  it("is a fault whose message quotes no value of the record", async () => {
    const model = await modelOf({ graph: FAILING_GRAPH });
    const fault = await errorOf(model.score([{ days: 3, ward: "secret" }]));
    expect(fault).toBeInstanceOf(PredictionFault);
    expect((fault as Error).message).toBe("model.onnx answered with an error; expected 1 predictions");
    expect((fault as Error).cause).toBeInstanceOf(Error);
  });
});

it("passes the probe where every value may be missing", async () => {
  const model = await modelOf({});
  await model.probe();
  await model.close();
});

describe("the time of one record", () => {
  it("is the median by the clock it is given, in microseconds", async () => {
    let calls = 0;
    let millis = 0;
    // Every third call takes 7 ms, the others 2 ms.
    const model = {
      score: async () => {
        calls += 1;
        millis += calls % 3 === 0 ? 7 : 2;
        return Float32Array.of(0.5);
      },
    };
    expect(await measureMicros(model, [{}], () => millis, 301)).toBe(2_000);
    expect(calls).toBe(501);
  });

  it("can't be had without a record", async () => {
    const model = { score: async () => Float32Array.of(0.5) };
    const error = await errorOf(measureMicros(model, [], () => 0));
    expect((error as Error).message).toBe("measureMicros: given no records; expected at least one");
  });
});
