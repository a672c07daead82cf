import { DescribeEndpointCommand, type SageMakerClient } from "@aws-sdk/client-sagemaker";
import { ListServiceQuotasCommand, type ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { FUNCTIONS, type FunctionAnswer, parse } from "@perennial/contracts";
import type { Telemetry } from "@perennial/telemetry";
import { checkCapacity, quotaName } from "./capacity.ts";

export interface Dependencies {
  sageMaker: Pick<SageMakerClient, "send">;
  quotas: Pick<ServiceQuotasClient, "send">;
  telemetry: Telemetry;
  /** The stack's endpoints. */
  endpoints: readonly string[];
}

/**
 * Says whether the account may run a second fleet beside an endpoint's own.
 *
 * @throws {QuotaTooSmall} where it may not; {InvalidInput} for an event that is none. A quota that can't be read is no error.
 */
export const createHandler =
  ({ sageMaker, quotas, telemetry, endpoints }: Dependencies) =>
  async (event: unknown): Promise<FunctionAnswer<"check-capacity">> => {
    const { workload, execution, endpointName, instanceType, models } = parse(
      FUNCTIONS["check-capacity"].event,
      event,
      "event of check-capacity",
    );
    const counts = await Promise.all(endpoints.map((name) => instancesOf(sageMaker, name)));
    const demand = {
      instanceType,
      started: models * (counts[endpoints.indexOf(endpointName)] ?? 0),
      running: counts.reduce((sum, count) => sum + count, 0),
    };
    const summary = checkCapacity(demand, await readQuota(quotas, quotaName(instanceType)));
    telemetry.log("capacity", { workload, execution, summary });
    return { summary };
  };

async function instancesOf(sageMaker: Pick<SageMakerClient, "send">, EndpointName: string): Promise<number> {
  try {
    const { ProductionVariants = [], ShadowProductionVariants = [] } = await sageMaker.send(
      new DescribeEndpointCommand({ EndpointName }),
    );
    // Another workload's challenger runs on instances too.
    return [...ProductionVariants, ...ShadowProductionVariants].reduce(
      (sum, { CurrentInstanceCount = 0 }) => sum + CurrentInstanceCount,
      0,
    );
  } catch (error) {
    // SageMaker has no error of its own for an endpoint that is gone.
    if (error instanceof Error && error.name === "ValidationException") return 0;
    throw error;
  }
}

async function readQuota(
  quotas: Pick<ServiceQuotasClient, "send">,
  name: string,
): Promise<number | { unknown: string }> {
  try {
    let NextToken: string | undefined;
    do {
      const page = await quotas.send(
        new ListServiceQuotasCommand({
          ServiceCode: "sagemaker",
          MaxResults: 100,
          ...(NextToken === undefined ? {} : { NextToken }),
        }),
      );
      const found = page.Quotas?.find(({ QuotaName }) => QuotaName === name);
      if (found?.Value !== undefined) return found.Value;
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    return { unknown: `Service Quotas lists no "${name}"` };
  } catch (error) {
    return { unknown: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}
