import { ApiError } from "./gateway/interfaces.ts";
import type { Identity } from "./identity/identity.ts";

/** What a service does on its own behalf, and for which of the account's resources. */
export interface ServiceUse {
  /** `events.amazonaws.com` */
  principal: string;
  action: string;
  /** ARN of the queue or topic. */
  resource: string;
  /** ARN of the rule or alarm that it acts for. */
  source: string;
}

/**
 * Asks the policy of a queue or topic whether a service may use it, and of its key whether the service may encrypt with it.
 *
 * @throws {ApiError} AccessDenied, naming service, action and resource.
 */
export async function authorizeService(
  identity: Identity,
  { principal, action, resource, source }: ServiceUse,
): Promise<void> {
  const context = { "aws:SourceArn": source };
  const key = identity.encryptionKeyOf(resource);
  const needed = [
    { action, resource, context },
    ...(key === undefined
      ? []
      : ["kms:GenerateDataKey", "kms:Decrypt"].map((use) => ({ action: use, resource: key, context }))),
  ];
  for (const requirement of needed) {
    const decision = await identity.authorizeService(principal, requirement);
    if (decision.allowed) continue;
    throw new ApiError(
      "AccessDeniedException",
      `${principal} may not ${requirement.action} ${requirement.resource} for ${source}: ${decision.reason}`,
      403,
    );
  }
}
