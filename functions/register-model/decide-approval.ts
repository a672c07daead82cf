import type { Verdict } from "@perennial/contracts";
import type { Decision } from "./packages.ts";

/**
 * What a verdict makes of the package that was registered for it: null leaves it pending, for a person. Only a better model
 * can be approved, and by the gate only where the stack lets it.
 */
export function decideApproval(
  { status, reason }: Pick<Verdict, "status" | "reason">,
  isAutomatic: boolean,
): Decision | null {
  if (status !== "better") return { status: "Rejected", reason };
  return isAutomatic ? { status: "Approved", reason } : null;
}
