import { createHash } from "node:crypto";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { DescribeEndpointCommand, DescribeModelPackageCommand } from "@aws-sdk/client-sagemaker";
import { DescribeExecutionCommand, GetExecutionHistoryCommand } from "@aws-sdk/client-sfn";
import type { HistoryEntry, Pointer } from "@perennial/contracts";
import { type AdmissionState, EMPTY_ADMISSION } from "@perennial/ledger";
import { describe, expect, it } from "vitest";
import { artifactArchive, artifactFiles } from "../support/artifact.ts";
import { TEST_SPEC } from "../support/test-workload.ts";
import { bodyOf, CAUSE, DESCRIBED, openStack, POINTER, ROLLED_OUT, ROLLOUT, WORKLOAD } from "./stack.ts";

const ARCHIVE = await artifactArchive();
const SHA = createHash("sha256").update(ARCHIVE).digest("hex");
const BACK: HistoryEntry = {
  ...ROLLED_OUT,
  cause: { ...CAUSE, kind: "rollback" },
  summary: "Version 2 is in service in place of version 3.",
  from: 3,
  to: 2,
} as HistoryEntry;

interface World {
  pointer?: Pointer | null;
  state?: AdmissionState;
  archive?: Buffer;
  described?: object;
  examples?: unknown;
}

/** A stack with versions 1 to 3 in its registry, 3 in service after 2, and a rollout that ends well. */
function world({ pointer = POINTER, state, archive = ARCHIVE, described = {}, examples }: World = {}) {
  const holder = {
    execution: ROLLOUT,
    executionArn: "arn:1",
    token: 5,
    cause: { ...CAUSE, kind: "rollback" as const },
    target: null,
    acquiredAt: CAUSE.time,
    expiresAt: "2026-03-01T13:00:00.000Z",
  };
  const admission = state ?? { ...EMPTY_ADMISSION, seen: ["event-1"], holder };
  const stack = openStack({ pointer, history: [BACK], admission: () => admission });
  stack.events.on(PutEventsCommand).resolves({ Entries: [{ EventId: "event-1" }] });
  stack.sageMaker
    .on(DescribeModelPackageCommand)
    .callsFake(({ ModelPackageName }: { ModelPackageName: string }) => {
      const version = Number(ModelPackageName.split("/").at(-1));
      if (version > 3) throw new Error(`ModelPackage ${ModelPackageName} does not exist`);
      return {
        ...DESCRIBED,
        ModelPackageArn: ModelPackageName,
        ModelPackageVersion: version,
        InferenceSpecification: {
          Containers: [{ ModelDataUrl: `s3://bucket/models/${version}/model.tar.gz` }],
        },
        CustomerMetadataProperties: { ...DESCRIBED.CustomerMetadataProperties, artifactSha256: SHA },
        ...described,
      };
    });
  stack.s3.on(GetObjectCommand).callsFake(({ Key }: { Key: string }) => ({
    Body: Key.endsWith(".json")
      ? bodyOf({ ...TEST_SPEC, ...(examples === undefined ? {} : { examples }) })
      : { transformToByteArray: () => Promise.resolve(new Uint8Array(archive)) },
  }));
  stack.stepFunctions.on(DescribeExecutionCommand).resolves({ status: "SUCCEEDED" });
  stack.stepFunctions.on(GetExecutionHistoryCommand).resolves({ events: [] });
  return stack;
}

const asked = (stack: ReturnType<typeof world>): unknown =>
  stack.events
    .commandCalls(PutEventsCommand)
    .map(({ args }) => JSON.parse(args[0].input.Entries?.[0]?.Detail ?? "null") as unknown);

describe("rollback", () => {
  it("tries the version that was live before, asks for it, follows the rollout and says how it ended", async () => {
    const stack = world();
    expect(await stack.run("rollback", WORKLOAD, "--reason", "complaints")).toBe(0);
    expect(asked(stack)).toEqual([
      {
        stack: "dev",
        workload: WORKLOAD,
        kind: "rollback",
        version: 2,
        reason: "complaints",
        requestedBy: "ada",
      },
    ]);
    expect(stack.written.out.split("\n")).toEqual([
      `${WORKLOAD}:2 is approved, its artifact is the registered one, and it answers 1 example.`,
      "Asked to put it in service in place of version 3 (event event-1).",
      `It runs as ${ROLLOUT}.`,
      "Version 2 is in service in place of version 3.",
      "",
    ]);
  });

  it("goes back to the version that --to names, and prints one JSON object", async () => {
    const stack = world();
    expect(await stack.run("rollback", WORKLOAD, "--to", "1", "--json")).toBe(0);
    expect(JSON.parse(stack.written.out)).toEqual({
      workload: WORKLOAD,
      from: 3,
      to: 1,
      eventId: "event-1",
      execution: ROLLOUT,
      held: null,
      rollout: BACK,
      isInService: true,
    });
  });

  it("goes back to the baseline as version 1, under which it is registered", async () => {
    const previous = { ...POINTER.previous, version: 0 };
    const stack = world({ pointer: { ...POINTER, previous } });
    await stack.run("rollback", WORKLOAD, "--no-follow");
    expect(asked(stack)).toMatchObject([{ version: 1 }]);
  });

  const other = createHash("sha256").update("other").digest("hex");
  it.each<[string, World, string[], number, string]>([
    [
      "nothing was live before",
      { pointer: null },
      [],
      1,
      `${WORKLOAD} runs with the baseline, and nothing was before it; there is nothing to go back to.`,
    ],
    [
      "the same version was live before",
      { pointer: { ...POINTER, previous: { ...POINTER.previous, version: 3 } } },
      [],
      1,
      `Version 3 of ${WORKLOAD} was in service before as well: name the version to go back to with --to.`,
    ],
    [
      "--to is no number",
      {},
      ["--to", "two"],
      2,
      '--to is "two", expected a version\'s number such as 3; perennial models list names them.',
    ],
    [
      "the version never existed",
      {},
      ["--to", "9"],
      4,
      `${WORKLOAD} has no version 9 in the model package group perennial-dev-${WORKLOAD}; perennial models list ${WORKLOAD} names those there are.`,
    ],
    [
      "the version was rejected",
      { described: { ModelApprovalStatus: "Rejected", ApprovalDescription: "AUC fell." } },
      [],
      1,
      `${WORKLOAD}:2 is Rejected (AUC fell.), and only an approved version goes into service. Choose another one: perennial models list names them.`,
    ],
    [
      "the artifact was altered",
      { archive: Buffer.from("other") },
      [],
      1,
      `The artifact s3://bucket/models/2/model.tar.gz has the SHA-256 ${other}, but ${SHA} was put in service.`,
    ],
    [
      "the model refuses the workload's examples",
      { examples: [{ days: 99 }] },
      [],
      1,
      `${WORKLOAD}:2 does not answer its workload's examples, so it was not asked for: `,
    ],
  ])("asks for nothing where %s", async (_, of, flags, code, message) => {
    const stack = world(of);
    expect(await stack.run("rollback", WORKLOAD, ...flags)).toBe(code);
    expect(stack.written.err).toContain(`perennial: ${message}`);
    expect(asked(stack)).toEqual([]);
  });

  it("asks for nothing where the artifact isn't a model", async () => {
    const { "model.onnx": _, ...files } = artifactFiles();
    const archive = await artifactArchive(files);
    const artifactSha256 = createHash("sha256").update(archive).digest("hex");
    const metadata = { ...DESCRIBED.CustomerMetadataProperties, artifactSha256 };
    const stack = world({ archive, described: { CustomerMetadataProperties: metadata } });
    expect(await stack.run("rollback", WORKLOAD)).toBe(1);
    expect(stack.written.err).toContain(`perennial: ${WORKLOAD}:2 does not open, so it was not asked for: `);
    expect(asked(stack)).toEqual([]);
  });

  it("says that it is held back, until when and why", async () => {
    const until = "2026-03-01T14:00:00.000Z";
    const pending = {
      cause: CAUSE,
      target: null,
      count: 1,
      firstAt: until,
      lastAt: until,
      reason: "another rollout holds the lease",
      until,
    };
    const stack = world({ state: { ...EMPTY_ADMISSION, seen: ["event-1"], pending } });
    expect(await stack.run("rollback", WORKLOAD)).toBe(5);
    expect(stack.written.out).toContain(
      "It is held back: another rollout holds the lease. It starts by itself when its turn comes, about 2026-03-01 14:00:00 UTC.",
    );
  });
});

describe("promote", () => {
  it("asks for an approved version by its name", async () => {
    const stack = world();
    expect(await stack.run("promote", `${WORKLOAD}:2`, "--no-follow", "--json")).toBe(0);
    expect(asked(stack)).toMatchObject([
      { kind: "promote", version: 2, reason: "asked for on the command line" },
    ]);
    expect(JSON.parse(stack.written.out)).toMatchObject({
      from: 3,
      to: 2,
      execution: null,
      isInService: null,
    });
  });

  it("asks for nothing where it is in service already", async () => {
    const stack = world();
    expect(await stack.run("promote", `${WORKLOAD}:3`)).toBe(0);
    expect(stack.written.out).toBe(`${WORKLOAD}:3 is in service already; nothing was asked for.\n`);
    expect(asked(stack)).toEqual([]);
  });

  it("says what to do about a version that nobody approved", async () => {
    const stack = world({
      described: { ModelApprovalStatus: "PendingManualApproval", ApprovalDescription: "" },
    });
    expect(await stack.run("promote", `${WORKLOAD}:2`)).toBe(1);
    expect(stack.written.err).toContain(
      `${WORKLOAD}:2 is PendingManualApproval (no reason was given), and only an approved version goes into service. Approve it first: perennial models approve.`,
    );
  });
});

describe("freeze and unfreeze", () => {
  const word = {
    isFrozen: true,
    by: "ada",
    reason: "audit",
    at: "2026-03-01T12:00:00.000Z",
    until: "2026-03-06T12:00:00.000Z",
  };

  it("tells both doors, waits until they know, and says what that means", async () => {
    const stack = world({ state: { ...EMPTY_ADMISSION, seen: ["event-1"], freeze: word } });
    expect(await stack.run("freeze", WORKLOAD, "--days", "5", "--reason", "audit")).toBe(0);
    expect(asked(stack)).toEqual([
      {
        stack: "dev",
        workload: WORKLOAD,
        frozen: true,
        until: word.until,
        reason: "audit",
        requestedBy: "ada",
      },
    ]);
    expect(stack.written.out).toBe(
      `${WORKLOAD} is frozen until 2026-03-06 12:00:00 UTC: no retraining and no rollout starts, but a rollback. ` +
        `What is asked for meanwhile waits; perennial unfreeze ${WORKLOAD} ends it before.\n`,
    );
  });

  it("prints how the workload stands as JSON", async () => {
    const stack = world({
      state: { ...EMPTY_ADMISSION, seen: ["event-1"], freeze: { ...word, isFrozen: false } },
    });
    expect(await stack.run("unfreeze", WORKLOAD, "--json")).toBe(0);
    expect(JSON.parse(stack.written.out)).toEqual({ workload: WORKLOAD, eventId: "event-1", frozen: null });
    expect(asked(stack)).toMatchObject([{ frozen: false }]);
  });

  it("says so where a door doesn't hear of it", async () => {
    const stack = world({ state: EMPTY_ADMISSION });
    expect(await stack.run("unfreeze", WORKLOAD)).toBe(1);
    expect(stack.written.err).toContain(
      "Not both doors have heard of it within 90 s: look at perennial logs admit-retraining and admit-rollout.",
    );
  });

  it.each(["0", "366", "1.5", "soon"])("refuses %s days", async (days) => {
    const stack = world();
    expect(await stack.run("freeze", WORKLOAD, "--days", days)).toBe(2);
    expect(stack.written.err).toContain(
      `--days is "${days}", expected a whole number from 1 to 365; a freeze ends by itself.`,
    );
    expect(asked(stack)).toEqual([]);
  });

  it("is shown by status", async () => {
    const stack = world({ state: { ...EMPTY_ADMISSION, freeze: word } });
    stack.sageMaker.on(DescribeEndpointCommand).resolves({ EndpointStatus: "InService" });
    await stack.run("status", WORKLOAD);
    expect(stack.written.out).toMatch(/ {2}frozen +until 2026-03-06 12:00:00 UTC by ada: audit\n/);
  });
});
