import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { SFNClient } from "@aws-sdk/client-sfn";
import type { GateReport, HistoryEntry, Platform, Pointer, Trial, Verdict } from "@perennial/contracts";
import { type AdmissionState, type Door, EMPTY_ADMISSION } from "@perennial/ledger";
import { mockClient } from "aws-sdk-client-mock";
import type { Connection, Context } from "../../apps/cli/context.ts";
import { plain } from "../../apps/cli/output/terminal.ts";
import { run } from "../../apps/cli/program.ts";

export const WORKLOAD = "hospital-readmission";
export const RETRAINING = `${WORKLOAD}-0123456789ab`;
export const ROLLOUT = `${WORKLOAD}-ba9876543210`;
const NOW = "2026-03-01T12:00:00.000Z";
const arn = (service: string, resource: string) => `arn:aws:${service}:eu-central-1:123456789012:${resource}`;

export const PLATFORM: Platform = {
  stack: "dev",
  region: "eu-central-1",
  accountId: "123456789012",
  ledgerTable: "perennial-dev-ledger",
  eventBus: "default",
  lakeBucket: "perennial-dev-123456789012-lake",
  artifactBucket: "perennial-dev-123456789012-artifacts",
  onlineTable: "perennial-dev-online",
  logGroups: {
    training: "/aws/sagemaker/TrainingJobs",
    "judge-challenger": "/aws/lambda/perennial-dev-judge-challenger",
  },
  workloads: [
    {
      name: WORKLOAD,
      title: "Readmission",
      endpoint: `perennial-dev-${WORKLOAD}`,
      modelPackageGroup: `perennial-dev-${WORKLOAD}`,
      retrainStateMachineArn: arn("states", `stateMachine:perennial-dev-${WORKLOAD}-retrain`),
      rolloutStateMachineArn: arn("states", `stateMachine:perennial-dev-${WORKLOAD}-rollout`),
      specUri: "s3://bucket/spec.json",
      baselineUri: "s3://bucket/model.tar.gz",
    },
  ],
};

export const CAUSE = {
  kind: "manual",
  id: "event-1",
  time: "2026-03-01T10:00:00.000Z",
  reason: "new data",
  requestedBy: "ada",
  coalesced: 0,
} as const;

export const RETRAINED: Extract<HistoryEntry, { kind: "retraining" }> = {
  kind: "retraining",
  workload: WORKLOAD,
  execution: RETRAINING,
  executionArn: arn("states", `execution:perennial-dev-${WORKLOAD}-retrain:${RETRAINING}`),
  cause: CAUSE,
  startedAt: "2026-03-01T10:00:00.000Z",
  endedAt: "2026-03-01T10:05:00.000Z",
  summary: "The challenger is better than the champion. Registered as version 3, Approved.",
  outcome: "better",
  stage: null,
  version: 3,
  approvalStatus: "Approved",
  verdictUri: "s3://bucket/verdicts/1.json",
  snapshotSha256: "5".repeat(64),
  gateUri: "s3://bucket/gates/1/",
  cardUri: "s3://bucket/cards/1/card.json",
  trainingJob: `${RETRAINING}-train-0`,
};

export const ROLLED_OUT: HistoryEntry = {
  kind: "rollout",
  workload: WORKLOAD,
  execution: ROLLOUT,
  executionArn: arn("states", `execution:perennial-dev-${WORKLOAD}-rollout:${ROLLOUT}`),
  cause: { ...CAUSE, kind: "approval", reason: "better" },
  startedAt: "2026-03-01T10:05:10.000Z",
  endedAt: "2026-03-01T10:07:00.000Z",
  summary: "Version 3 is in service in place of version 2.",
  outcome: "in-service",
  stage: null,
  from: 2,
  to: 3,
};

export const POINTER: Pointer = {
  workload: WORKLOAD,
  version: 3,
  modelPackageArn: arn("sagemaker", `model-package/perennial-dev-${WORKLOAD}/3`),
  modelDataUrl: "s3://bucket/models/3/model.tar.gz",
  artifactSha256: "a".repeat(64),
  modelName: ROLLOUT,
  endpointConfigName: ROLLOUT,
  movedAt: "2026-03-01T10:07:00.000Z",
  execution: ROLLOUT,
  token: 4,
  previous: { version: 2, modelName: "before", endpointConfigName: "before" },
};

export const VERDICT: Verdict = {
  workload: WORKLOAD,
  execution: RETRAINING,
  status: "better",
  reason: "AUC is 0.0210 higher (0.0120 to 0.0300).",
  checks: [
    {
      name: "primary",
      outcome: "passed",
      finding: "the interval lies above zero",
      measured: { value: 0.021, lower: 0.012, upper: 0.03 },
      limit: "> 0",
    },
    { name: "slice", outcome: "too few", finding: "age [0-10) has no positive", measured: null, limit: null },
  ],
  look: { holdoutSha256: "b".repeat(64), number: 2, of: 52, alpha: 0.001 },
  difference: { value: 0.021, lower: 0.012, upper: 0.03 },
  evaluationUri: "s3://bucket/evaluations/1.json",
};

const SHA = (digit: string): string => digit.repeat(64);

/** What the registry answers about version 3. */
export const DESCRIBED = {
  ModelPackageArn: POINTER.modelPackageArn,
  ModelPackageVersion: 3,
  ModelApprovalStatus: "Approved" as const,
  ApprovalDescription: VERDICT.reason,
  CreationTime: new Date("2026-03-01T10:04:50Z"),
  InferenceSpecification: {
    Containers: [{ ModelDataUrl: POINTER.modelDataUrl }],
    SupportedContentTypes: [],
  },
  CustomerMetadataProperties: {
    execution: RETRAINING,
    artifactVersion: "0123456789ab",
    artifactSha256: SHA("a"),
    snapshotSha256: SHA("5"),
    dataSha256: SHA("b"),
    specSha256: SHA("c"),
    codeSha256: SHA("d"),
    trainingJob: `${RETRAINING}-train-0`,
    verdictUri: "s3://bucket/verdicts/1.json",
    evaluationUri: "none",
    auditUri: "none",
    gateUri: "none",
    cardUri: "none",
  },
};

/** What the data gate said of two files. */
export const GATE: GateReport = {
  workload: WORKLOAD,
  status: "refused",
  snapshotSha256: SHA("5"),
  files: [
    { name: "first.csv", sha256: SHA("1"), bytes: 10 },
    { name: "march.csv.gz", sha256: SHA("2"), bytes: 20 },
  ],
  rows: 12_345,
  checks: [
    {
      name: "columns",
      column: null,
      outcome: "passed",
      finding: "all 50 columns are there",
      measured: 50,
      limit: 50,
      examples: [],
    },
    {
      name: "ranges",
      column: "days",
      outcome: "failed",
      finding: "2 rows lie outside 1 to 14; correct them or widen the range in the spec",
      measured: 2,
      limit: 0,
      examples: [
        { key: "17", value: "99" },
        { key: "18", value: null },
      ],
    },
    {
      name: "freshness",
      column: null,
      outcome: "not asked",
      finding: "the spec sets no limit",
      measured: null,
      limit: null,
      examples: [],
    },
  ],
};

/** An object's body, as the client hands it over. */
export const bodyOf = (document: unknown) =>
  ({ transformToString: () => Promise.resolve(JSON.stringify(document)) }) as never;

/** What the fake ledger holds. */
export interface Books {
  history: HistoryEntry[];
  pointer: Pointer | null;
  trial: Trial | null;
  admission: (door: Door) => AdmissionState;
}

/** What a stack publishes whose workload a function answers. */
export const BY_FUNCTION: Platform = {
  ...PLATFORM,
  workloads: PLATFORM.workloads.map((workload) => ({
    ...workload,
    endpoint: `perennial-dev-${WORKLOAD}-score`,
    functionAlias: "live",
  })),
};

/** A stack whose services are fakes, and a terminal that remembers. */
export function openStack(books: Partial<Books> = {}, platform = PLATFORM) {
  const { history = [], pointer = null, trial = null, admission = () => EMPTY_ADMISSION } = books;
  const clients = {
    events: new EventBridgeClient(),
    stepFunctions: new SFNClient(),
    sageMaker: new SageMakerClient(),
    runtime: new SageMakerRuntimeClient(),
    lambda: new LambdaClient(),
    s3: new S3Client(),
    logs: new CloudWatchLogsClient(),
  };
  const mocks = {
    events: mockClient(clients.events),
    stepFunctions: mockClient(clients.stepFunctions),
    sageMaker: mockClient(clients.sageMaker),
    runtime: mockClient(clients.runtime),
    lambda: mockClient(clients.lambda),
    s3: mockClient(clients.s3),
    logs: mockClient(clients.logs),
  };
  const connection: Connection = {
    stack: "local",
    url: "http://127.0.0.1:4599",
    platform: structuredClone(platform),
    ledger: {
      readAdmission: (_, door) => Promise.resolve(admission(door)),
      readPointer: () => Promise.resolve(pointer),
      readTrial: () => Promise.resolve(trial),
      listHistory: (_, { limit, at }) =>
        Promise.resolve(
          history.filter(({ startedAt }) => at === undefined || startedAt <= at).slice(0, limit),
        ),
      liveAt: (_, at) => {
        const entry = history.find(({ kind, endedAt }) => kind === "rollout" && endedAt <= at) ?? null;
        return Promise.resolve({ version: entry?.kind === "rollout" ? (entry.to ?? 0) : 0, entry });
      },
    },
    ...clients,
    online: () => ({ read: () => Promise.resolve(() => undefined) }),
    tracking: null,
  };
  const written = { out: "", err: "" };
  const files = new Map<string, string>();
  const interruption = new AbortController();
  const started: (readonly string[])[] = [];
  let now = Date.parse(NOW);
  const context: Context = {
    terminal: {
      out: (text) => void (written.out += text),
      err: (text) => void (written.err += text),
      width: Infinity,
      progressWidth: Infinity,
      isInteractive: false,
      paint: plain,
      paintError: plain,
    },
    connect: () => Promise.resolve(connection),
    clock: {
      now: () => new Date(now),
      sleep: (ms) => {
        now += ms;
        return Promise.resolve();
      },
    },
    read: (path) => Promise.resolve(files.get(path) ?? ""),
    user: "ada",
    startLocal: (flags) => {
      started.push(flags);
      return Promise.resolve(0);
    },
    interrupted: interruption.signal,
  };
  return {
    ...mocks,
    connection,
    context,
    written,
    files,
    interruption,
    started,
    run: (...argv: string[]) => run(argv, context, { state: ".perennial" }),
  };
}
