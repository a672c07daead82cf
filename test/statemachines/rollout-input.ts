import type { RolloutInput } from "@perennial/contracts";
import { EXECUTION, WORKLOAD } from "./fillings.ts";

/** What a rollout is started with once version 3 was approved. */
export const APPROVED = {
  workload: WORKLOAD,
  execution: EXECUTION,
  cause: { kind: "approval", id: "event-1", time: "2026-03-01T02:00:00Z", reason: "better", coalesced: 0 },
  token: 5,
  target: {
    version: 3,
    modelPackageArn: "arn:aws:sagemaker:eu-central-1:123456789012:model-package/w/3",
    modelDataUrl: "s3://bucket/models/3/model.tar.gz",
    artifactSha256: "a".repeat(64),
  },
} as const satisfies RolloutInput;
