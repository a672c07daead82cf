import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { DescribeEndpointCommand, DescribeModelPackageCommand } from "@aws-sdk/client-sagemaker";
import type { HistoryEntry, Trial } from "@perennial/contracts";
import { EMPTY_ADMISSION } from "@perennial/ledger";
import { describe, expect, it } from "vitest";
import { readTime } from "../../apps/cli/commands/history.ts";
import { readSpan } from "../../apps/cli/commands/logs.ts";
import type { WorkloadStatus } from "../../apps/cli/commands/status.ts";
import { auditOf, BINARY, evaluationOf } from "./metrics.ts";
import {
  bodyOf,
  CAUSE,
  DESCRIBED,
  GATE,
  openStack,
  PLATFORM,
  POINTER,
  RETRAINED,
  RETRAINING,
  ROLLED_OUT,
  ROLLOUT,
  VERDICT,
  WORKLOAD,
} from "./stack.ts";

const HISTORY = [ROLLED_OUT, RETRAINED];

describe("status", () => {
  const inService = (config: string) => ({
    EndpointStatus: "InService" as const,
    EndpointConfigName: config,
  });

  it("says what is live and how the last execution ended", async () => {
    const stack = openStack({ pointer: POINTER, history: HISTORY });
    stack.sageMaker.on(DescribeEndpointCommand).resolves(inService(ROLLOUT));
    expect([await stack.run("status"), stack.written.out]).toEqual([
      0,
      `local at http://127.0.0.1:4599

${WORKLOAD}
  endpoint  perennial-dev-${WORKLOAD}, InService
  champion  version 3, since 2026-03-01 10:07:00 UTC (2 h ago)
  last      rollout in-service, 2 h ago: Version 3 is in service in place of version 2.
`,
    ]);
  });

  it("says as JSON the gateway's address, and of each workload endpoint, state, champion and last outcome", async () => {
    const stack = openStack({ pointer: POINTER, history: HISTORY });
    stack.sageMaker.on(DescribeEndpointCommand).resolves(inService(ROLLOUT));
    await stack.run("status", "--json");
    expect(JSON.parse(stack.written.out)).toEqual({
      stack: "local",
      url: "http://127.0.0.1:4599",
      region: "eu-central-1",
      workloads: [
        {
          workload: WORKLOAD,
          endpoint: `perennial-dev-${WORKLOAD}`,
          state: "InService",
          endpointConfig: ROLLOUT,
          champion: {
            version: 3,
            execution: ROLLOUT,
            since: POINTER.movedAt,
            modelPackageArn: POINTER.modelPackageArn,
          },
          trial: null,
          difference: null,
          running: [],
          frozen: null,
          waiting: [],
          lastOutcome: ROLLED_OUT,
        },
      ],
    });
  });

  it.each([
    [
      POINTER,
      "baseline",
      `The ledger names version 3 (${ROLLOUT}), but the endpoint runs with baseline. Bring up the ledger's anew: a "Rollout Requested" event of the kind image.`,
    ],
    [
      null,
      ROLLOUT,
      `The ledger names no model, but the endpoint runs with ${ROLLOUT}, which a rollout made.`,
    ],
    [
      null,
      `${ROLLOUT}-trial`,
      `The ledger names no model, but the endpoint runs with ${ROLLOUT}-trial, which a rollout made.`,
    ],
    [null, "perennial-dev-baseline", null],
  ])("tells whether ledger and endpoint differ", async (pointer, config, difference) => {
    const stack = openStack({ pointer });
    stack.sageMaker.on(DescribeEndpointCommand).resolves(inService(config));
    await stack.run("status", "--json");
    expect(JSON.parse(stack.written.out).workloads[0].difference).toBe(difference);
    stack.written.out = "";
    await stack.run("status");
    expect(stack.written.out.includes("DIFFERS")).toBe(difference !== null);
  });

  describe("of a trial", () => {
    const TRIAL: Trial = {
      workload: WORKLOAD,
      execution: ROLLOUT,
      kind: "experiment",
      share: 0.125,
      stickyBy: "patient_nbr",
      from: 3,
      to: 4,
      startedAt: "2026-03-01T10:10:00.000Z",
      token: 9,
    };
    const holder = {
      execution: ROLLOUT,
      executionArn: "arn:1",
      token: 9,
      cause: CAUSE,
      target: null,
      acquiredAt: "2026-03-01T10:00:00.000Z",
      expiresAt: "2026-03-01T14:00:00.000Z",
    };
    const statusOf = async (trial: Trial, isHeld: boolean, ...flags: string[]) => {
      const stack = openStack({
        pointer: POINTER,
        trial,
        admission: (door) =>
          door === "rollout" && isHeld ? { ...EMPTY_ADMISSION, holder } : EMPTY_ADMISSION,
      });
      stack.sageMaker.on(DescribeEndpointCommand).resolves(inService(`${ROLLOUT}-trial`));
      await stack.run("status", ...flags);
      return stack.written.out;
    };
    const line = (text: string) => text.split("\n").find((one) => one.startsWith("  trial"));

    it.each<[Partial<Trial>, boolean, string]>([
      [
        {},
        true,
        "  trial     experiment of version 4 beside version 3, 12.5 % of the requests by patient_nbr, since " +
          "2026-03-01 10:10:00 UTC (2 h ago)",
      ],
      [
        { kind: "shadow", stickyBy: null, from: 0 },
        true,
        "  trial     shadow of version 4 beside the baseline, 12.5 % of the requests copied, since 2026-03-01 10:10:00 UTC " +
          "(2 h ago)",
      ],
      [
        { stickyBy: null },
        false,
        "  trial     experiment of version 4 beside version 3, 12.5 % of the requests, since 2026-03-01 10:10:00 UTC " +
          "(2 h ago); its rollout ended without closing it",
      ],
    ])("says which models answer, and since when: %j", async (changes, isHeld, text) => {
      expect(line(await statusOf({ ...TRIAL, ...changes }, isHeld))).toBe(text);
    });

    it("says the same as JSON", async () => {
      const { workloads } = JSON.parse(await statusOf(TRIAL, true, "--json")) as {
        workloads: WorkloadStatus[];
      };
      expect(workloads[0]?.trial).toEqual({ ...TRIAL, isUnderWay: true });
    });
  });

  it("tells what runs, what waits, and an endpoint that is gone", async () => {
    const stack = openStack({
      admission: (door) =>
        door === "rollout"
          ? EMPTY_ADMISSION
          : {
              ...EMPTY_ADMISSION,
              holder: {
                execution: RETRAINING,
                executionArn: "arn:1",
                token: 1,
                cause: CAUSE,
                target: null,
                acquiredAt: "2026-03-01T11:59:00.000Z",
                expiresAt: "2026-03-01T14:00:00.000Z",
              },
              pending: {
                cause: CAUSE,
                target: null,
                count: 2,
                firstAt: CAUSE.time,
                lastAt: CAUSE.time,
                reason: "the lease is held",
                until: "2026-03-01T14:00:00.000Z",
              },
            },
    });
    stack.sageMaker.on(DescribeEndpointCommand).rejects(new Error('Could not find endpoint "x".'));
    await stack.run("status");
    expect(stack.written.out.split("\n").slice(3, -1)).toEqual([
      `  endpoint  perennial-dev-${WORKLOAD}, does not exist`,
      "  champion  the baseline, until a first retraining is better",
      `  running   retraining ${RETRAINING}, started 1 min ago (manual by ada: new data)`,
      "  waiting   2 retraining requests until 2026-03-01 14:00:00 UTC: the lease is held",
      "  last      nothing yet",
    ]);
  });
});

describe("history", () => {
  it("lists what happened, newest first", async () => {
    const stack = openStack({ history: HISTORY });
    expect([await stack.run("history", WORKLOAD), stack.written.out]).toEqual([
      0,
      `started (UTC)        what        outcome     execution
2026-03-01 10:05:10  rollout     in-service  ${ROLLOUT}  Version 3 is in service in place of version 2.
2026-03-01 10:00:00  retraining  better      ${RETRAINING}  The challenger is better than the champion. Registered as version 3, Approved.
`,
    ]);
  });

  it("answers what was live at a time", async () => {
    const stack = openStack({ history: HISTORY });
    await stack.run("history", "--at", "2026-03-01T10:06", "--json");
    expect(JSON.parse(stack.written.out)).toEqual({
      stack: "local",
      at: "2026-03-01T10:06:00.000Z",
      live: [{ workload: WORKLOAD, version: 0, rollout: null }],
      entries: HISTORY,
    });
    stack.written.out = "";
    await stack.run("history", "--at", "2026-03-02", "--limit", "1");
    expect(stack.written.out.split("\n")[0]).toBe(
      `${WORKLOAD} at 2026-03-02 23:59:59 UTC: version 3 was live, since 2026-03-01 10:07:00 by ${ROLLOUT}: Version 3 is in service in place of version 2.`,
    );
  });

  it.each([
    ["2026-03-01", "2026-03-01T23:59:59.999Z"],
    ["2026-03-01 02:00", "2026-03-01T02:00:00.000Z"],
    ["2026-03-01T02:00:30", "2026-03-01T02:00:30.000Z"],
    ["2026-03-01T02:00:00+01:00", "2026-03-01T01:00:00.000Z"],
  ])("reads the time %s as %s", (text, time) => {
    expect(readTime(text)).toBe(time);
  });

  it.each([
    [
      ["--at", "yesterday"],
      2,
      '--at is "yesterday", expected a time such as 2026-03-01, 2026-03-01T02:00 (UTC)',
    ],
    [["--at", "2026-13-45"], 2, '--at is "2026-13-45", expected a time'],
    [["--limit", "0"], 2, '--limit is "0", expected a whole number from 1 to 1000.'],
    [
      ["hospital-readmision"],
      4,
      `The stack dev holds no workload "hospital-readmision". It holds ${WORKLOAD}. Did you mean "${WORKLOAD}"?`,
    ],
  ])("refuses %j", async (argv, code, message) => {
    const stack = openStack();
    expect([await stack.run("history", ...argv), stack.written.err.includes(message)]).toEqual([code, true]);
  });
});

describe("why", () => {
  function judged() {
    const stack = openStack({ history: HISTORY });
    stack.sageMaker.on(DescribeModelPackageCommand).resolves(DESCRIBED);
    stack.s3
      .on(GetObjectCommand)
      .resolves({ Body: bodyOf(VERDICT) })
      .on(GetObjectCommand, { Bucket: "bucket", Key: "gates/1/gate.json" })
      .resolves({ Body: bodyOf(GATE) });
    return stack;
  }

  it("explains a version: verdict, every check, rollouts and lineage", async () => {
    const stack = judged();
    expect([await stack.run("why", "3"), stack.written.out]).toEqual([
      0,
      `${WORKLOAD}, version 3: Approved

The challenger is better than the champion.
AUC is 0.0210 higher (0.0120 to 0.0300).
Difference to the champion: 0.0210 (0.0120 to 0.0300).
Look 2 of 52 at the holdout bbbbbbbbbbbb, at a significance level of 0.001.

         rule     measured                   finding
passed   primary  0.0210 (0.0120 to 0.0300)  the interval lies above zero; limit: > 0
too few  slice                               age [0-10) has no positive

retraining ${RETRAINING}: better, started 2026-03-01 10:00:00 UTC, took 5 min
  asked for: manual by ada: new data
  The challenger is better than the champion. Registered as version 3, Approved.

rollout ${ROLLOUT}: in-service, started 2026-03-01 10:05:10 UTC, took 1 min 50 s
  asked for: approval by ada: better
  Version 3 is in service in place of version 2.

model package  ${POINTER.modelPackageArn}
artifact       ${POINTER.modelDataUrl}
training job   ${RETRAINING}-train-0
made from      snapshot 555555555555, data bbbbbbbbbbbb, spec cccccccccccc, code dddddddddddd
`,
    ]);
  });

  /** A version with more to it than a verdict; documents lie in the bucket under their keys. */
  function documented(lineage: Record<string, string>, documents: Record<string, unknown>) {
    const stack = judged();
    stack.sageMaker.on(DescribeModelPackageCommand).resolves({
      ...DESCRIBED,
      CustomerMetadataProperties: { ...DESCRIBED.CustomerMetadataProperties, ...lineage },
    });
    for (const [Key, document] of Object.entries(documents)) {
      stack.s3.on(GetObjectCommand, { Bucket: "bucket", Key }).resolves({ Body: bodyOf(document) });
    }
    return stack;
  }

  it("shows the version's figures on the holdout and on the audit part, with their intervals", async () => {
    const stack = documented(
      { evaluationUri: "s3://bucket/evaluation.json", auditUri: "s3://bucket/audit.json" },
      { "evaluation.json": evaluationOf(BINARY), "audit.json": auditOf(BINARY) },
    );
    expect(await stack.run("why", "3")).toBe(0);
    expect(/figures[^]*flags.*/.exec(stack.written.out)?.[0]).toMatchInlineSnapshot(`
      "figures, 95 % intervals     holdout (the gate's)        audit (no gate's)
      size                        600 rows, 500 groups        1,200 rows, 1,000 groups
      AUC                         0.7000 (0.6900 to 0.7100)   0.7000 (0.6900 to 0.7100)
      average precision           0.3000 (0.2900 to 0.3100)   0.3000 (0.2900 to 0.3100)
      Brier score                 0.0900 (0.0800 to 0.1000)   0.0900 (0.0800 to 0.1000)
      Brier skill                 0.0500 (0.0400 to 0.0600)   0.0500 (0.0400 to 0.0600)
      log loss                    0.3300 (0.3200 to 0.3400)   0.3300 (0.3200 to 0.3400)
      calibration slope           1.02 (1.01 to 1.03)         1.02 (1.01 to 1.03)
      mean predicted, observed    0.1100, 0.1000              0.1100, 0.1000
      precision, recall           0.3000, 0.2000              0.3000, 0.2000
      F1                          0.2400 (0.2300 to 0.2500)   0.2400 (0.2300 to 0.2500)
      F1 of calling all positive  0.1800                      0.1800
      F1 gained over that         0.0600 (0.0500 to 0.0700)   0.0600 (0.0500 to 0.0700)
      at the threshold            0.2000, which flags 12.5 %  0.2000, which flags 12.5 %"
    `);
  });

  it("says that the data gate let the data through, and where the card lies", async () => {
    const accepted = { ...GATE, status: "accepted", checks: GATE.checks.slice(0, 1) };
    const stack = documented(
      { gateUri: "s3://bucket/gates/1/", cardUri: "s3://bucket/cards/1/card.json" },
      { "gates/1/gate.json": accepted },
    );
    await stack.run("why", "3");
    expect(stack.written.out.split("\n")).toEqual(
      expect.arrayContaining([
        "The data gate accepted 12,345 rows (snapshot 555555555555): of its checks 1 passed, 0 failed, 0 weren't asked.",
        "model card     s3://bucket/cards/1/card.html",
      ]),
    );
  });

  it("tells in full why the data gate refused the data", async () => {
    const refused: HistoryEntry = {
      ...RETRAINED,
      kind: "retraining",
      outcome: "data-refused",
      summary: "The data was refused: 1 of 3 checks failed.",
      version: null,
      approvalStatus: null,
      verdictUri: null,
      snapshotSha256: null,
      cardUri: null,
      trainingJob: null,
    };
    const stack = openStack({ history: [refused] });
    stack.s3
      .on(GetObjectCommand, { Bucket: "bucket", Key: "gates/1/gate.json" })
      .resolves({ Body: bodyOf(GATE) });
    expect(await stack.run("why", RETRAINING)).toBe(0);
    expect(stack.written.out).toMatchInlineSnapshot(`
      "hospital-readmission

      The data gate refuses the data: 1 of 3 checks failed.
      12,345 rows of first.csv, march.csv.gz, snapshot 555555555555

                 check      column  finding
      FAILED     ranges     days    2 rows lie outside 1 to 14; correct them or widen the range in the spec; for example 17 (99), 18
      passed     columns            all 50 columns are there
      not asked  freshness          the spec sets no limit

      retraining hospital-readmission-0123456789ab: data-refused, started 2026-03-01 10:00:00 UTC, took 5 min
        asked for: manual by ada: new data
        The data was refused: 1 of 3 checks failed.
      "
    `);
  });

  it("asks the registry for the version of the workload's own group", async () => {
    const stack = judged();
    await stack.run("why", "3");
    expect(stack.sageMaker.commandCalls(DescribeModelPackageCommand)[0]!.args[0].input).toEqual({
      ModelPackageName: `arn:aws:sagemaker:eu-central-1:123456789012:model-package/perennial-dev-${WORKLOAD}/3`,
    });
  });

  it("explains an execution as JSON", async () => {
    const stack = judged();
    expect(await stack.run("why", RETRAINING, "--json")).toBe(0);
    expect(JSON.parse(stack.written.out)).toMatchObject({
      workload: WORKLOAD,
      version: { version: 3, approvalStatus: "Approved" },
      verdict: VERDICT,
      events: [RETRAINED],
    });
  });

  it("explains a rollout by the verdict on what it rolled out", async () => {
    const stack = judged();
    await stack.run("why", ROLLOUT, "--json");
    expect(JSON.parse(stack.written.out)).toMatchObject({ verdict: VERDICT, events: [ROLLED_OUT] });
  });

  it.each([
    [
      "0",
      "Version 0 of hospital-readmission is the baseline that the program itself puts in service: it was never trained or judged.",
    ],
    [
      "7",
      `${WORKLOAD} has no version 7 in the model package group perennial-dev-${WORKLOAD}; perennial models list ${WORKLOAD} names those there are.`,
    ],
    [
      `${WORKLOAD}-000000000000`,
      `The history of ${WORKLOAD} holds no execution ${WORKLOAD}-000000000000 among its last 1000.`,
    ],
    ["hospital-readmision-000000000000", `Did you mean "${WORKLOAD}-000000000000"?`],
    ["best", '"best" is neither a version (a whole number) nor an execution of a workload in the stack dev'],
  ])("says what %s isn't", async (what, message) => {
    const stack = openStack({ history: HISTORY });
    stack.sageMaker.on(DescribeModelPackageCommand).rejects(new Error("ModelPackage x does not exist."));
    expect([await stack.run("why", what), stack.written.err.includes(message)]).toEqual([4, true]);
  });

  it("asks whose version is meant where there are several workloads", async () => {
    const stack = judged();
    stack.connection.platform.workloads.push({ ...PLATFORM.workloads[0]!, name: "match-outcome" });
    expect([await stack.run("why", "3"), stack.written.err]).toEqual([
      2,
      `perennial: The stack dev holds several workloads: say which with --workload, one of ${WORKLOAD}, match-outcome.\n`,
    ]);
    expect(await stack.run("why", "3", "--workload", WORKLOAD)).toBe(0);
  });
});

describe("data gate", () => {
  function gated(history = HISTORY) {
    const stack = openStack({ history });
    stack.s3.on(GetObjectCommand).resolves({ Body: bodyOf(GATE) });
    return stack;
  }

  it("shows what was found when it was asked last", async () => {
    const stack = gated();
    expect([await stack.run("data", "gate", WORKLOAD), stack.written.out.split("\n").slice(0, 3)]).toEqual([
      0,
      [
        `${WORKLOAD}, ${RETRAINING}, started 2026-03-01 10:00:00 UTC`,
        "The data gate refuses the data: 1 of 3 checks failed.",
        "12,345 rows of first.csv, march.csv.gz, snapshot 555555555555",
      ],
    ]);
    expect(stack.s3.commandCalls(GetObjectCommand)[0]!.args[0].input).toEqual({
      Bucket: "bucket",
      Key: "gates/1/gate.json",
    });
  });

  it("gives the whole report as JSON", async () => {
    const stack = gated();
    await stack.run("data", "gate", WORKLOAD, "--execution", RETRAINING, "--json");
    expect(JSON.parse(stack.written.out)).toEqual({
      execution: RETRAINING,
      gateUri: "s3://bucket/gates/1/",
      report: GATE,
    });
  });

  it.each([
    [[], "The data gate was never asked about hospital-readmission, or its report isn't in the history"],
    [
      ["--execution", ROLLOUT],
      `holds no report of the data gate for ${ROLLOUT} among its last 1000 executions.`,
    ],
  ])("says that there is none: %j", async (argv, message) => {
    const stack = gated([ROLLED_OUT]);
    expect([await stack.run("data", "gate", WORKLOAD, ...argv), stack.written.err.includes(message)]).toEqual(
      [4, true],
    );
  });
});

describe("logs", () => {
  const event = (eventId: string, timestamp: number, message: string) => ({
    eventId,
    timestamp,
    message,
    logStreamName: "job/algo-1",
  });

  it("prints every page, oldest first", async () => {
    const stack = openStack();
    stack.logs
      .on(FilterLogEventsCommand)
      .resolvesOnce({ events: [event("2", 2000, "two\n")], nextToken: "more" })
      .resolves({ events: [event("1", 1000, "one")] });
    expect([await stack.run("logs", "training", "--since", "2h"), stack.written.out]).toEqual([
      0,
      "1970-01-01 00:00:01 job/algo-1 one\n1970-01-01 00:00:02 job/algo-1 two\n",
    ]);
    expect(stack.logs.commandCalls(FilterLogEventsCommand)[0]!.args[0].input).toEqual({
      logGroupName: "/aws/sagemaker/TrainingJobs",
      startTime: Date.parse("2026-03-01T10:00:00Z"),
    });
  });

  it("follows until it is interrupted and prints each line once", async () => {
    const stack = openStack();
    let looks = 0;
    stack.logs.on(FilterLogEventsCommand).callsFake(() => {
      looks += 1;
      if (looks === 3) stack.interruption.abort();
      return { events: [event("1", 1000, "one"), ...(looks > 1 ? [event("2", 2000, "two")] : [])] };
    });
    expect(await stack.run("logs", "training", "--follow", "--json")).toBe(0);
    expect(
      stack.written.out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { time: "1970-01-01T00:00:01.000Z", stream: "job/algo-1", message: "one" },
      { time: "1970-01-01T00:00:02.000Z", stream: "job/algo-1", message: "two" },
    ]);
  });

  it("says that a log is empty, also where no job has made it yet", async () => {
    const stack = openStack();
    const missing = Object.assign(new Error("no group"), { name: "ResourceNotFoundException" });
    stack.logs.on(FilterLogEventsCommand).rejects(missing);
    expect([await stack.run("logs", "training"), stack.written.err]).toEqual([
      0,
      "/aws/sagemaker/TrainingJobs holds nothing of the last 1h.\n",
    ]);
  });

  it("names the logs that there are", async () => {
    const stack = openStack();
    expect([await stack.run("logs", "judge"), stack.written.err]).toEqual([
      4,
      'perennial: The stack dev has no log "judge". It has judge-challenger, training. Did you mean "judge-challenger"?\n',
    ]);
  });

  it.each([
    ["90s", 90_000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["3d", 259_200_000],
  ])("reads the span %s as %d ms", (text, ms) => {
    expect(readSpan(text)).toBe(ms);
  });

  it.each(["", "0s", "5", "1 h", "-1h"])("refuses the span %j", (text) => {
    expect(() => readSpan(text)).toThrow("expected a span such as 90s, 10m, 2h or 3d");
  });
});
