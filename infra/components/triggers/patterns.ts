import {
  EVENT_SOURCE,
  FREEZE_REQUESTED,
  RETRAINING_REQUESTED,
  ROLLOUT_REQUESTED,
} from "@perennial/contracts";

/** The drift alarm went off. It reports every change of its state: only the step into ALARM counts. */
export const alarmWentOff = (alarmName: string) => ({
  source: ["aws.cloudwatch"],
  "detail-type": ["CloudWatch Alarm State Change"],
  detail: {
    alarmName: [alarmName],
    state: { value: ["ALARM"] },
    previousState: { value: [{ "anything-but": ["ALARM"] }] },
  },
});

/** Every stack of the account and region hears every request: each takes those that name it. */
export const retrainingRequested = (stack: string) => ({
  source: [EVENT_SOURCE],
  "detail-type": [RETRAINING_REQUESTED],
  detail: { stack: [stack] },
});

export const rolloutRequested = (stack: string) => ({
  source: [EVENT_SOURCE],
  "detail-type": [ROLLOUT_REQUESTED],
  detail: { stack: [stack] },
});

export const freezeRequested = (stack: string) => ({
  source: [EVENT_SOURCE],
  "detail-type": [FREEZE_REQUESTED],
  detail: { stack: [stack] },
});

/** A version was approved. A later change of its metadata repeats the event with the status as it stands: not that one. */
export const versionApproved = (modelPackageGroups: string[]) => ({
  source: ["aws.sagemaker"],
  "detail-type": ["SageMaker Model Package State Change"],
  detail: {
    ModelPackageGroupName: modelPackageGroups,
    ModelApprovalStatus: ["Approved"],
    UpdatedModelPackageFields: ["ModelApprovalStatus"],
  },
});

/** A version was registered or changed in any way. */
export const versionChanged = (modelPackageGroups: string[]) => ({
  source: ["aws.sagemaker"],
  "detail-type": ["SageMaker Model Package State Change"],
  detail: { ModelPackageGroupName: modelPackageGroups },
});

/** An execution ended, however. */
export const executionEnded = (stateMachineArns: string[]) => ({
  source: ["aws.states"],
  "detail-type": ["Step Functions Execution Status Change"],
  detail: {
    stateMachineArn: stateMachineArns,
    status: ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
  },
});

/** The program wrote another value into a parameter that existed. */
export const parameterChanged = (parameterName: string) => ({
  source: ["aws.ssm"],
  "detail-type": ["Parameter Store Change"],
  detail: { name: [parameterName], operation: ["Update"] },
});
