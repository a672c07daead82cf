/** What is kept of a request: who asked for what, and how it went. No body, no header, no key's value. */
export const ACCESS_LOG = {
  time: "$context.requestTimeEpoch",
  requestId: "$context.requestId",
  address: "$context.identity.sourceIp",
  keyId: "$context.identity.apiKeyId",
  principal: "$context.authorizer.principalId",
  caller: "$context.identity.userArn",
  method: "$context.httpMethod",
  route: "$context.resourcePath",
  status: "$context.status",
  error: "$context.error.responseType",
  firewall: "$context.waf.status",
  latencyMs: "$context.responseLatency",
  integrationMs: "$context.integration.latency",
  length: "$context.responseLength",
  tls: "$context.tlsVersion",
};
