import type { Guards, Strategy, Task } from "@perennial/contracts";
import { Rollout } from "@perennial/contracts";
import type { Findings } from "@perennial/fleet";
import { Objects } from "@perennial/objects";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addBounded } from "../../functions/observe-trial/bounded-map.ts";
import { Observation } from "../../functions/observe-trial/experiment.ts";
import { readNew } from "../../functions/observe-trial/read-evidence.ts";
import { Shadow } from "../../functions/observe-trial/shadow.ts";
import { type HourlyFolder, unread } from "../../functions/observe-trial/unread-files.ts";
import { TASK } from "../support/evaluations.ts";
import { StoredObjects } from "../support/stored-objects.ts";
import { MATCH_TASK, STAY_TASK } from "../support/task-evaluations.ts";

const GUARDS: Guards = Rollout.parse({}).guards;
const VERSIONS = { champion: 2, challenger: 3 };
const HOUR = 3_600_000;
const answer = (inferenceId: string | null, ...predictions: number[][]) => ({
  inferenceId,
  at: 0,
  version: 1,
  predictions,
});
const nothing = (): Findings => ({ against: [], missing: [], found: [] });

describe("files of a folder", () => {
  const folder: HourlyFolder = { bucket: "lake", prefix: "capture/w/", lateHours: 3 };
  const START = Date.UTC(2026, 2, 1, 2);

  /** A file of an hour that is written so many hours later, and looks in between. */
  const file = fc.record({ hour: fc.nat(20), late: fc.nat(2), minute: fc.nat(59), line: fc.uuid() });
  const looks = fc.uniqueArray(fc.nat(24), { maxLength: 10 });

  it("are read once each, whenever they come within the time that they may, and whenever somebody looks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(file, { maxLength: 25, selector: ({ line }) => line }),
        looks,
        async (files, at) => {
          const stored = new StoredObjects();
          const objects = new Objects(stored);
          const read: string[] = [];
          let bookmark = unread(folder, new Date(START));
          for (let hour = 0; hour <= 24; hour++) {
            const now = new Date(START + hour * HOUR + HOUR / 2);
            for (const one of files.filter((written) => written.hour + written.late === hour)) {
              const path = new Date(START + one.hour * HOUR)
                .toISOString()
                .slice(0, 13)
                .replaceAll(/[-T]/g, "/");
              stored.put(
                `s3://lake/capture/w/${path}/${one.minute}-${one.line}.jsonl`,
                Buffer.from(`${one.line}\n\n`),
              );
            }
            if (!at.includes(hour) && hour < 24) continue;
            const take = (line: string): boolean => read.push(line) > 0;
            ({ bookmark } = await readNew(objects, folder, bookmark, now, take));
          }
          expect(read.toSorted()).toEqual(files.map(({ line }) => line).toSorted());
          expect(bookmark.read.filter((key) => key <= bookmark.upTo)).toEqual([]);
        },
      ),
    );
  });

  it("that hold what can't be read are no end to it", async () => {
    const stored = new StoredObjects();
    stored.put("s3://lake/capture/w/2026/03/01/02/a.jsonl", Buffer.from("good\nbad\n\nbad\ngood"));
    const { broken } = await readNew(
      new Objects(stored),
      folder,
      unread(folder, new Date(START)),
      new Date(START + HOUR),
      (line) => line === "good",
    );
    expect(broken).toBe(2);
  });
});

describe("what a shadow decides differently", () => {
  it.each<[string, Task, number[], number[], boolean]>([
    ["a flag", TASK, [0.4, 0], [0.6, 1], true],
    ["a probability with the same flag", TASK, [0.4, 0], [0.1, 0], false],
    ["another class", MATCH_TASK, [0.5, 0.3, 0.2], [0.3, 0.5, 0.2], true],
    ["the same class, less surely", MATCH_TASK, [0.9, 0.05, 0.05], [0.4, 0.3, 0.3], false],
    ["an estimate outside of the champion's interval", STAY_TASK, [10, 5, 20], [21, 10, 40], true],
    ["an estimate within it", STAY_TASK, [10, 5, 20], [20, 10, 40], false],
  ])("counts %s", (_, task, champion, challenger, isCounted) => {
    const shadow = new Shadow(task);
    shadow.add("challenger", answer("a", challenger));
    shadow.add("champion", answer("a", champion));
    expect(shadow.kept.decidedDifferently).toBe(isCounted ? 1 : 0);
    expect(shadow.kept.waiting).toEqual({ champion: [], challenger: [] });
  });

  it("compares record by record, and only answers to as many", () => {
    const shadow = new Shadow(TASK);
    shadow.add("champion", answer("a", [0.4, 0], [0.6, 1]));
    shadow.add("challenger", answer("a", [0.6, 1], [0.6, 1]));
    shadow.add("champion", answer("b", [0.4, 0]));
    shadow.add("challenger", answer("b", [0.4, 0], [0.6, 1]));
    expect([shadow.kept.paired.champion.count, shadow.kept.decidedDifferently]).toEqual([2, 1]);
  });

  it("tells distances in the task's unit", () => {
    const strategy = { kind: "shadow", requests: 20, maxMinutes: 5, samplePercent: 100 } as const;
    const shadow = new Shadow(STAY_TASK);
    for (let place = 0; place < 20; place++) {
      shadow.add("champion", answer(`${place}`, [10 + place, 5, 60]));
      shadow.add("challenger", answer(`${place}`, [10 + place + (place < 10 ? 3 : 6), 5, 60]));
    }
    const findings = nothing();
    shadow.judge(strategy, GUARDS, VERSIONS, findings);
    expect(findings.found[1]).toBe(
      "of 20 records that both answered 0 % are decided differently; predictions differ by 3 in half of them, at most by 6 in 95 %",
    );
  });
});

describe("what is kept of a trial", () => {
  const STRATEGY: Extract<Strategy, { kind: "experiment" }> = {
    kind: "experiment",
    share: 0.5,
    stickyBy: null,
    alpha: 0.05,
    worthwhileGain: 0.05,
    maxDays: 30,
  };
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("answer" as const),
      arm: fc.constantFrom("champion" as const, "challenger" as const),
      id: fc.option(fc.nat(8).map(String)),
      probability: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ kind: fc.constant("label" as const), id: fc.nat(8).map(String), outcome: fc.nat(2) }),
  );

  it("is all there is to know, wherever it is put away", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (steps, pause) => {
        const whole = new Observation(TASK, STRATEGY);
        let parts = new Observation(TASK, STRATEGY);
        const shadow = new Shadow(TASK);
        let shadowParts = new Shadow(TASK);
        for (const [place, one] of steps.entries()) {
          if (place === pause) {
            parts = new Observation(
              TASK,
              STRATEGY,
              JSON.parse(JSON.stringify(parts.kept)) as typeof parts.kept,
            );
            shadowParts = new Shadow(
              TASK,
              JSON.parse(JSON.stringify(shadowParts.kept)) as typeof shadow.kept,
            );
          }
          for (const observation of [whole, parts]) {
            if (one.kind === "label") observation.addLabel({ inferenceId: one.id, outcome: one.outcome });
            else observation.addAnswer(one.arm, answer(one.id, [one.probability, 0]));
          }
          if (one.kind === "answer") {
            for (const either of [shadow, shadowParts])
              either.add(one.arm, answer(one.id, [one.probability, 0]));
          }
        }
        expect(parts.kept).toEqual(whole.kept);
        expect(shadowParts.kept).toEqual(shadow.kept);
      }),
    );
  });

  it("counts no answer twice, whatever comes in whichever order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const observation = new Observation(TASK, STRATEGY);
        for (const one of steps) {
          if (one.kind === "label") observation.addLabel({ inferenceId: one.id, outcome: one.outcome });
          else observation.addAnswer(one.arm, answer(one.id, [one.probability, 0]));
        }
        const { counts, sequences, waiting, early } = observation.kept;
        const outcomes = (sequences?.champion.count ?? 0) + (sequences?.challenger.count ?? 0);
        const answered = counts.answered.champion + counts.answered.challenger;
        expect(answered).toBe(
          outcomes + waiting.length + counts.unnamed + counts.repeatedIds + counts.impossibleLabels,
        );
        expect(counts.labels).toBe(outcomes + early.length + counts.repeatedLabels + counts.impossibleLabels);
      }),
    );
  });

  it("stays within its bounds: the oldest goes", () => {
    const map = new Map([
      ["a", 1],
      ["b", 2],
    ]);
    expect([addBounded(map, "c", 3, 2), [...map.keys()]]).toEqual([1, ["b", "c"]]);
    expect([addBounded(map, "c", 4, 2), [...map.values()]]).toEqual([0, [2, 4]]);
  });
});
