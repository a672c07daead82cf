import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import type { ListServiceQuotasCommand } from "@aws-sdk/client-service-quotas";
import { expect, it } from "vitest";
import { createHandler } from "../../functions/check-capacity/handler.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const EVENT = {
  workload: "churn",
  execution: "churn-0123456789ab",
  endpointName: "perennial-prod-churn",
  instanceType: "ml.m5.large",
};
/** Instances behind each endpoint, by variant; the last one of the other endpoint is a shadow. */
const RUNNING: Record<string, number[]> = { "perennial-prod-churn": [3], "perennial-prod-other": [1, 1] };

function open(quota: (command: ListServiceQuotasCommand["input"]) => object) {
  const asked: (string | undefined)[] = [];
  const handle = createHandler({
    sageMaker: {
      send: ((command: unknown) => {
        const name = command instanceof DescribeEndpointCommand ? (command.input.EndpointName ?? "") : "";
        const variants = RUNNING[name];
        if (variants === undefined) {
          throw Object.assign(new Error("Could not find endpoint"), { name: "ValidationException" });
        }
        const described = variants.map((CurrentInstanceCount) => ({ CurrentInstanceCount }));
        return Promise.resolve({
          ProductionVariants: described.slice(0, 1),
          ShadowProductionVariants: described.slice(1),
        });
      }) as never,
    },
    quotas: {
      send: (async ({ input }: ListServiceQuotasCommand) => {
        asked.push(input.NextToken);
        return quota(input);
      }) as never,
    },
    telemetry: new RecordedTelemetry(),
    endpoints: [...Object.keys(RUNNING), "perennial-prod-gone"],
  });
  return { handle, asked };
}

/** The quota on the second page, as one among many. */
const paged =
  (Value: number) =>
  ({ NextToken }: { NextToken?: string | undefined }) =>
    NextToken === undefined
      ? { NextToken: "2", Quotas: [{ QuotaName: "ml.m5.large for training job usage", Value: 1 }] }
      : { Quotas: [{ QuotaName: "ml.m5.large for endpoint usage", Value }] };

it("finds room for a second fleet beside those of the stack", async () => {
  const { handle, asked } = open(paged(8));
  expect(await handle(EVENT)).toEqual({ summary: "8 of 8 × ml.m5.large are needed while the update runs." });
  expect(asked).toEqual([undefined, "2"]);
});

it("counts two models for a trial, each on as many instances as run now", async () => {
  const { handle } = open(paged(11));
  expect(await handle({ ...EVENT, models: 2 })).toEqual({
    summary: "11 of 11 × ml.m5.large are needed while the update runs.",
  });
});

it("refuses an update that the quota has no room for, and says what to ask for", async () => {
  await expect(open(paged(7)).handle(EVENT)).rejects.toMatchObject({
    name: "QuotaTooSmall",
    message:
      "The update needs 8 × ml.m5.large at once (5 run behind this stack's endpoints, 3 come beside them), and the " +
      'account\'s quota "ml.m5.large for endpoint usage" is 7. Ask Service Quotas for 8 or more.',
  });
});

it.each<[string, () => object]>([
  ['Service Quotas lists no "ml.m5.large for endpoint usage"', () => ({ Quotas: [] })],
  [
    "AccessDeniedException: not you",
    () => {
      throw Object.assign(new Error("not you"), { name: "AccessDeniedException" });
    },
  ],
])("goes on where the quota can't be read, and says why: %s", async (why, quota) => {
  expect(await open(quota).handle(EVENT)).toEqual({
    summary: `The quota for 8 × ml.m5.large isn't known (${why}): the update is tried.`,
  });
});
