import { type FunctionAnswer, FUNCTIONS, parse } from "@perennial/contracts";
import type { Telemetry } from "@perennial/telemetry";
import type { JWTVerifyGetKey } from "jose";
import { type Expected, verifyToken } from "./verify-token.ts";

export interface Dependencies {
  expected: Expected;
  keys: JWTVerifyGetKey;
  telemetry: Telemetry;
  clock: () => Date;
}

/**
 * Decides whether a bearer token opens the API.
 *
 * @throws "Unauthorized", which is how API Gateway is told to answer 401; any other error has it answer 500.
 */
export const createHandler =
  ({ expected, keys, telemetry, clock }: Dependencies) =>
  async (event: unknown): Promise<FunctionAnswer<"authorize-request">> => {
    const name = "authorize-request";
    const { authorizationToken, methodArn } = parse(FUNCTIONS[name].event, event, `event of ${name}`);
    const subject = await verifyToken(authorizationToken, expected, keys, clock());
    if (subject === null) {
      telemetry.count("TokensRefused", {});
      throw new Error("Unauthorized");
    }
    // Every route: API Gateway keeps the decision for the next request with the token, which may be to another one.
    const [api, stage] = methodArn.split("/");
    const Resource = `${api}/${stage}/*`;
    return {
      principalId: subject,
      policyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource }],
      },
    };
  };
