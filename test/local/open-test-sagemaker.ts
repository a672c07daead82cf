import { join } from "node:path";
import type { Clock } from "../../local/gateway/interfaces.ts";
import type { LocalGateway } from "../../local/gateway/gateway.ts";
import { archiveOf } from "../../local/sagemaker/archive.ts";
import { openSageMaker, type SageMaker } from "../../local/sagemaker/sagemaker.ts";
import type { Surroundings } from "../../local/sagemaker/surroundings.ts";
import { accountId, newStateFolder, openTestGateway, putRole, python } from "./open-test-gateway.ts";

export interface TestEvent {
  type: string;
  detail: Record<string, unknown>;
}

export interface TestSageMaker {
  gateway: LocalGateway;
  sageMaker: SageMaker;
  roleArn: string;
  events: TestEvent[];
  metrics: { name: string; value: number; dimensions: Record<string, string> }[];
  lines: { group: string; line: string }[];
  /** Alarms in ALARM, by name. */
  alarms: Set<string>;
  /** Runs when the emulated SageMaker waits; time itself stands still. */
  onSleep: { run: (ms: number) => void | Promise<void> };
  /** What chance gives. */
  chance: { value: number };
  close(): Promise<void>;
}

export const SERVING_IMAGE = `${accountId}.dkr.ecr.eu-central-1.amazonaws.com/serving@sha256:0`;
export const JOB_IMAGE = `${accountId}.dkr.ecr.eu-central-1.amazonaws.com/tabular:1`;
export const NOW = Date.UTC(2026, 0, 31, 2, 3, 4, 567);

/** What SageMaker's execution role needs; the bucket is `lake`. */
const DUTIES = [
  { Action: ["s3:GetObject", "s3:PutObject"], Resource: "arn:aws:s3:::lake/open/*" },
  {
    Action: "s3:ListBucket",
    Resource: "arn:aws:s3:::lake",
    Condition: { StringLike: { "s3:prefix": "open/*" } },
  },
  { Action: "ecr:GetAuthorizationToken", Resource: "*" },
  {
    Action: ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
    Resource: `arn:aws:ecr:eu-central-1:${accountId}:repository/*`,
  },
  {
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: `arn:aws:logs:eu-central-1:${accountId}:log-group:/aws/sagemaker/*`,
  },
  {
    Action: "cloudwatch:PutMetricData",
    Resource: "*",
    Condition: { StringEquals: { "cloudwatch:namespace": "/aws/sagemaker/TrainingJobs" } },
  },
];

/** SageMaker behind a gateway of its own, whose images are the small programs beside this file. */
export async function openTestSageMaker(stateFolder = newStateFolder()): Promise<TestSageMaker> {
  const gateway = await openTestGateway(stateFolder);
  const roleArn = putRole(gateway, "execution", DUTIES, "sagemaker.amazonaws.com");
  const events: TestEvent[] = [];
  const metrics: TestSageMaker["metrics"] = [];
  const lines: TestSageMaker["lines"] = [];
  const alarms = new Set<string>();
  const onSleep: TestSageMaker["onSleep"] = { run: () => {} };
  const chance = { value: 0.5 };
  const clock: Clock = {
    now: () => NOW,
    sleep: async (ms) => onSleep.run(ms),
  };
  gateway.register("monitoring", async ({ input }) => ({
    MetricAlarms: (input["AlarmNames"] as string[]).map((AlarmName) => ({
      AlarmName,
      StateValue: alarms.has(AlarmName) ? "ALARM" : "OK",
    })),
  }));
  const programs = join(import.meta.dirname, "programs");
  const surroundings: Surroundings = {
    gateway,
    clock,
    events: ({ "detail-type": type, detail }) => {
      events.push({ type, detail: detail as Record<string, unknown> });
    },
    metrics: ({ name, value, dimensions }) => metrics.push({ name, value, dimensions }),
    logs: (group, _stream, line) => lines.push({ group, line }),
    stateFolder,
    python,
    programOf: (image) => {
      if (image === SERVING_IMAGE) {
        return { command: [process.execPath, join(programs, "serving.ts")], cwd: programs, env: {} };
      }
      if (image === JOB_IMAGE) return { command: [python, join(programs, "job.py")], cwd: programs, env: {} };
      return undefined;
    },
    stopGraceSeconds: 0.3,
    startupSeconds: 3,
    random: () => chance.value,
  };
  const sageMaker = openSageMaker(surroundings);
  return {
    gateway,
    sageMaker,
    roleArn,
    events,
    metrics,
    lines,
    alarms,
    onSleep,
    chance,
    async close() {
      await sageMaker.close();
      await gateway.close();
    },
  };
}

/** A model's archive for the serving program. */
export function modelThatSays(says: string): Promise<Buffer> {
  return archiveOf([{ name: "says.txt", bytes: Buffer.from(says) }]);
}

/** Asks again until the answer is no longer the one to wait out. */
export async function until<Value>(
  ask: () => Promise<Value>,
  isDone: (value: Value) => boolean,
): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (isDone(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
