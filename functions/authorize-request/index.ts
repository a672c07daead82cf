import { FUNCTIONS, parse } from "@perennial/contracts";
import { openTelemetry } from "@perennial/telemetry";
import { createHandler } from "./handler.ts";
import { issuerKeys } from "./issuer-keys.ts";

const NAME = "authorize-request";
const environment = parse(FUNCTIONS[NAME].environment, process.env, `environment of ${NAME}`);

export const handler = createHandler({
  expected: { issuer: environment.JWT_ISSUER, audience: environment.JWT_AUDIENCE },
  keys: issuerKeys(environment.JWT_ISSUER),
  telemetry: openTelemetry(NAME),
  clock: () => new Date(),
});
