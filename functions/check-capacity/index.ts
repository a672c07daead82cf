import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { FUNCTIONS, parse } from "@perennial/contracts";
import { openTelemetry } from "@perennial/telemetry";
import { createHandler } from "./handler.ts";

const NAME = "check-capacity";
const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);

// Throttling passes: the adaptive mode slows these clients down as well.
const retries = { retryMode: "adaptive", maxAttempts: 6 };

export const handler = createHandler({
  sageMaker: new SageMakerClient(retries),
  quotas: new ServiceQuotasClient(retries),
  telemetry: openTelemetry(NAME),
  endpoints: environment.ENDPOINTS,
});
