import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "../functions/sandbox.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { ApiMethod, Authorizer, RestApi } from "./rest-api.ts";

/** Who makes a request, or the kind of gateway response that refuses it. */
export type Access =
  | { allowed: true; keyId: string | null; principal: string | null }
  | { allowed: false; responseType: string };

export interface AccessSurroundings {
  keys: ApiKeys;
  now: () => number;
  /** Calls a function as API Gateway. */
  invoke: (functionArn: string, payload: string, sourceArn: string) => Promise<Answer>;
  /** Whether whoever owns an access key may do something; null where nobody is known by it. */
  mayInvoke: (accessKeyId: string, methodArn: string) => Promise<boolean>;
}

const SKEW_MS = 5 * 60_000;

/** Decides who may make a request: by key, by a function that reads a token, or by an AWS signature. */
export class AccessControl {
  private readonly around: AccessSurroundings;
  private readonly decided = new Map<string, { until: number; policy: Policy }>();

  constructor(around: AccessSurroundings) {
    this.around = around;
  }

  async decide(
    api: RestApi,
    method: ApiMethod,
    headers: IncomingHttpHeaders,
    methodArn: string,
  ): Promise<Access> {
    const authorized = await this.authorize(api, method, headers, methodArn);
    if (!authorized.allowed || !method.isKeyRequired) return authorized;
    const key = this.around.keys.admit(text(headers["x-api-key"]), `${api.id}:${api.stage?.name}`);
    if (key === null) return refused("INVALID_API_KEY");
    return key.isThrottled ? refused("THROTTLED") : { ...authorized, keyId: key.keyId };
  }

  private async authorize(
    api: RestApi,
    { authorization, authorizerId }: ApiMethod,
    headers: IncomingHttpHeaders,
    methodArn: string,
  ): Promise<Access> {
    switch (authorization) {
      case "NONE":
        return { allowed: true, keyId: null, principal: null };
      case "AWS_IAM":
        return await this.bySignature(headers, methodArn);
      case "CUSTOM": {
        const authorizer = api.authorizers.get(authorizerId ?? "");
        if (authorizer === undefined) return refused("AUTHORIZER_CONFIGURATION_ERROR");
        return await this.byToken(api, authorizerId ?? "", authorizer, headers, methodArn);
      }
    }
  }

  private async bySignature(headers: IncomingHttpHeaders, methodArn: string): Promise<Access> {
    const signature = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/[^/]+\/execute-api\/aws4_request/.exec(
      headers.authorization ?? "",
    );
    const accessKeyId = signature?.[1];
    if (accessKeyId === undefined) return refused("MISSING_AUTHENTICATION_TOKEN");
    // The gateway's credentials are no secrets on one machine; when a request was signed is checked as on AWS.
    const signedAt = Date.parse(
      String(headers["x-amz-date"]).replace(
        /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
        "$1-$2-$3T$4:$5:$6Z",
      ),
    );
    if (Number.isNaN(signedAt)) return refused("MISSING_AUTHENTICATION_TOKEN");
    if (Math.abs(this.around.now() - signedAt) > SKEW_MS) return refused("INVALID_SIGNATURE");
    if (!(await this.around.mayInvoke(accessKeyId, methodArn))) return refused("ACCESS_DENIED");
    return { allowed: true, keyId: null, principal: accessKeyId };
  }

  private async byToken(
    api: RestApi,
    authorizerId: string,
    { functionArn, identityHeader, keepSeconds }: Authorizer,
    headers: IncomingHttpHeaders,
    methodArn: string,
  ): Promise<Access> {
    const token = text(headers[identityHeader]);
    if (token === undefined || token === "") return refused("UNAUTHORIZED");
    const now = this.around.now();
    const kept = this.decided.get(token);
    let policy = kept !== undefined && kept.until > now ? kept.policy : undefined;
    if (policy === undefined) {
      const event = JSON.stringify({ type: "TOKEN", authorizationToken: token, methodArn });
      const source = `${api.executionArn}/authorizers/${authorizerId}`;
      const answer = await this.around.invoke(functionArn, event, source);
      if (answer.error === true) {
        const { errorMessage } = JSON.parse(answer.payload) as { errorMessage?: string };
        return refused(errorMessage === "Unauthorized" ? "UNAUTHORIZED" : "AUTHORIZER_FAILURE");
      }
      policy = JSON.parse(answer.payload) as Policy;
      if (keepSeconds > 0) this.keep(token, { until: now + keepSeconds * 1000, policy }, now);
    }
    const isAllowed = policy.policyDocument.Statement.some(
      ({ Effect, Action, Resource }) =>
        Effect === "Allow" && Action === "execute-api:Invoke" && wildcard(Resource).test(methodArn),
    );
    return isAllowed
      ? { allowed: true, keyId: null, principal: policy.principalId }
      : refused("ACCESS_DENIED");
  }

  private keep(token: string, decision: { until: number; policy: Policy }, now: number): void {
    for (const [other, { until }] of this.decided) if (until <= now) this.decided.delete(other);
    this.decided.set(token, decision);
  }
}

interface Policy {
  principalId: string;
  policyDocument: { Statement: { Effect: string; Action: string; Resource: string }[] };
}

const refused = (responseType: string): Access => ({ allowed: false, responseType });
const text = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.at(-1) : header;

function wildcard(pattern: string): RegExp {
  const escaped = pattern
    .replaceAll(/[\\^$.+()[\]{}|]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`);
}
