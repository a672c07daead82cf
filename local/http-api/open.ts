import type { Functions } from "../functions/service.ts";
import type { LocalGateway } from "../gateway/gateway.ts";
import { HttpApis, type HttpApiSurroundings } from "./http-apis.ts";

/** Where the HTTP API listens, counted from the gateway's port; the tracking server's is between them. */
const PORT_AFTER = 2;

interface Parts extends Pick<HttpApiSurroundings, "folder" | "now" | "log" | "metric" | "warn"> {
  gateway: LocalGateway;
  functions: Functions;
  /** As it was asked for: 0 takes a free one, here as well. */
  gatewayPort: number;
}

/** API Gateway with the functions and identities of this cloud. */
export function openHttpApis({ gateway, functions, gatewayPort, ...around }: Parts): HttpApis {
  return new HttpApis({
    ...around,
    port: gatewayPort === 0 ? 0 : gatewayPort + PORT_AFTER,
    invoke: (arn, payload, source) => functions.invokeFor(arn, payload, "apigateway.amazonaws.com", source),
    mayLog: async (roleArn, logGroupName) => {
      try {
        const caller = gateway.identity.callerAs(roleArn);
        for (const action of ["CreateLogStream", "PutLogEvents"]) {
          await gateway.authorize(caller, "logs", action, { logGroupName, logStreamName: "local" });
        }
        return true;
      } catch {
        return false;
      }
    },
    mayInvoke: async (accessKeyId, resource) => {
      const caller = gateway.identity.callerWith(accessKeyId);
      const requirement = { action: "execute-api:Invoke", resource, context: {} };
      return (await gateway.identity.authorize(caller, requirement)).allowed;
    },
  });
}
