import { LineLog } from "../journal/line-log.ts";
import type { Requirement } from "./identity.ts";

/** A call that a role made: what it needed, and whether it was allowed. */
export interface RecordedCall extends Requirement {
  role: string;
  allowed: boolean;
}

/**
 * Every call that any role made, each once, in a file of JSON lines. A test takes one Allow statement away at a time and
 * expects at least one of these calls to be denied.
 */
export class CallLog {
  private readonly log: LineLog;
  private readonly seen: Set<string>;

  constructor(path: string) {
    this.log = new LineLog(path);
    this.seen = new Set(this.log.read().map((call) => JSON.stringify(call)));
  }

  record({ role, action, resource, context, allowed }: RecordedCall): void {
    const call: RecordedCall = { role, action, resource, context, allowed };
    const line = JSON.stringify(call);
    if (this.seen.has(line)) return;
    this.seen.add(line);
    this.log.append(call);
  }
}
