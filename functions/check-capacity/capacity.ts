/** The quota is too small for an update. Its name is what the workflow knows it by. */
export class QuotaTooSmall extends Error {
  constructor(message: string) {
    super(message);
    this.name = "QuotaTooSmall";
  }
}

export interface Demand {
  instanceType: string;
  /** Instances that the update starts. */
  started: number;
  /** Instances of the stack's endpoints, that one's among them. */
  running: number;
}

/** What a quota is called in Service Quotas. */
export const quotaName = (instanceType: string): string => `${instanceType} for endpoint usage`;

/**
 * Whether an update fits, in a sentence. What other stacks run in the account isn't known here.
 *
 * @param quota instances that the account may run, or why nobody knows.
 * @throws {QuotaTooSmall} where it doesn't fit.
 */
export function checkCapacity(
  { instanceType, started, running }: Demand,
  quota: number | { unknown: string },
): string {
  const needed = running + started;
  if (typeof quota !== "number") {
    return `The quota for ${needed} × ${instanceType} isn't known (${quota.unknown}): the update is tried.`;
  }
  if (needed <= quota) return `${needed} of ${quota} × ${instanceType} are needed while the update runs.`;
  throw new QuotaTooSmall(
    `The update needs ${needed} × ${instanceType} at once (${running} run behind this stack's endpoints, ${started} come ` +
      `beside them), and the account's quota "${quotaName(instanceType)}" is ${quota}. Ask Service Quotas for ${needed} or more.`,
  );
}
