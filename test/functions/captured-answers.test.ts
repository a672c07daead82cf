import type { ManifestTask, Task } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { readAnswer } from "../../functions/observe-trial/captured-answers.ts";
import { renderAnswer } from "../../packages/scoring/src/invocation/answer.ts";
import { TASK } from "../support/evaluations.ts";
import { MATCH_TASK, STAY_TASK } from "../support/task-evaluations.ts";

const FORMS = ["application/json", "application/jsonlines", "text/csv"] as const;
const MODEL = { workload: "churn", version: 4, artifact: "a" };

interface Made {
  task: Task;
  manifest: ManifestTask;
  outputs: number[];
  read: number[][];
}

const BINARY: Made = {
  task: TASK,
  manifest: { kind: "binary", outcome: "readmitted", threshold: 0.5, prevalence: 0.1 },
  outputs: [0.25, 0.75],
  read: [
    [0.25, 0],
    [0.75, 1],
  ],
};
const MULTICLASS: Made = {
  task: MATCH_TASK,
  manifest: {
    kind: "multiclass",
    classes: MATCH_TASK.classes.map(({ name }) => ({ name, share: 0.3 })),
  },
  outputs: [0.25, 0.25, 0.5, 0.5, 0.125, 0.375],
  read: [
    [0.25, 0.25, 0.5],
    [0.5, 0.125, 0.375],
  ],
};
const REGRESSION: Made = {
  task: STAY_TASK,
  manifest: { kind: "regression", unit: "days", min: 0, max: 60, coverage: 0.9, median: 20 },
  outputs: [12, 3, 40, 1.5, 0, 8],
  read: [
    [12, 3, 40],
    [1.5, 0, 8],
  ],
};

/** A line of SageMaker's data capture. */
const line = (
  contentType: string,
  data: string,
  encoding: "CSV" | "JSON" | "BASE64",
  inferenceId: string | undefined = "r1",
): string =>
  JSON.stringify({
    captureData: { endpointOutput: { observedContentType: contentType, mode: "OUTPUT", data, encoding } },
    eventMetadata: { eventId: "e", inferenceId, inferenceTime: "2026-03-01T02:10:00Z" },
    eventVersion: "0",
  });

describe.each([BINARY, MULTICLASS, REGRESSION])(
  "an answer to a $task.kind task",
  ({ task, manifest, outputs, read }) => {
    it.each(FORMS)("is read as the container writes %s, and as SageMaker encodes it", (form) => {
      const text = renderAnswer(
        { task: manifest, model: MODEL, predictions: Float32Array.from(outputs), lookedUp: [] },
        form,
      );
      const answer = { inferenceId: "r1", at: Date.UTC(2026, 2, 1, 2, 10), version: 4, predictions: read };
      expect(readAnswer(line(form, text, form === "text/csv" ? "CSV" : "JSON"), task)).toEqual(answer);
      const encoded = Buffer.from(text).toString("base64");
      expect(readAnswer(line(`${form}; charset=utf-8`, encoded, "BASE64"), task)).toEqual(answer);
    });
  },
);

it("of a probe is nobody's", () => {
  expect(readAnswer(line("application/json", "", "JSON", "probe-churn-1"), TASK)).toBeNull();
});

it.each([
  ["{", /JSON/],
  ["{}", /captureData/],
  [line("application/json", "{}", "JSON"), /predictions/],
  [line("text/plain", "0.5", "CSV"), /an answer of the type text\/plain/],
  [
    line("text/csv", "probability,flagged,workload,version,artifact\n", "CSV"),
    /an answer without a prediction/,
  ],
  [
    line("text/csv", "probability,flagged,workload,version,artifact\n2,true,c,4,a\n", "CSV"),
    /Too big: expected number to be <=1/,
  ],
  [
    line(
      "application/json",
      renderAnswer(
        { task: REGRESSION.manifest, model: MODEL, predictions: new Float32Array(3), lookedUp: [] },
        "application/json",
      ),
      "JSON",
    ),
    /an answer that is none to a binary task/,
  ],
])("is refused where it is none: %j", (text, message) => {
  expect(() => readAnswer(text, TASK)).toThrow(message);
});
