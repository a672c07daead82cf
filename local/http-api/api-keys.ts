import { randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Throttle } from "./rest-api.ts";
import { Bucket } from "./throttle.ts";

interface Plan {
  /** `<api>:<stage>` */
  stages: string[];
  throttle: Throttle | null;
}

/** Keys and usage plans. Each key's value is made once and kept in a file that its owner alone may read. */
export class ApiKeys {
  private readonly folder: string;
  private readonly now: () => number;
  /** Files that hold the keys' values. */
  readonly files: string[] = [];
  private readonly values = new Map<string, Buffer>();
  private readonly plans = new Map<string, Plan>();
  private readonly planned: { keyId: string; planId: string; bucket: Bucket | null }[] = [];

  constructor(folder: string, now: () => number) {
    this.folder = folder;
    this.now = now;
  }

  create(id: string, name: string): void {
    const file = join(this.folder, name);
    this.files.push(file);
    if (!existsSync(file)) {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      writeFileSync(file, randomBytes(30).toString("base64url"), { mode: 0o600 });
    }
    chmodSync(file, 0o600);
    this.values.set(id, readFileSync(file));
  }

  createPlan(id: string, plan: Plan): void {
    this.plans.set(id, plan);
  }

  /** Lets a key be used within a plan. */
  join(keyId: string, planId: string): void {
    const throttle = this.plans.get(planId)?.throttle ?? null;
    this.planned.push({ keyId, planId, bucket: throttle && new Bucket(throttle, this.now) });
  }

  /** What becomes of a request with this key, or without one. */
  admit(given: string | undefined, stage: string): { keyId: string; isThrottled: boolean } | null {
    if (given === undefined) return null;
    const value = Buffer.from(given);
    for (const { keyId, planId, bucket } of this.planned) {
      const known = this.values.get(keyId);
      if (known === undefined || known.length !== value.length || !timingSafeEqual(known, value)) continue;
      if (this.plans.get(planId)?.stages.includes(stage) !== true) continue;
      return { keyId, isThrottled: bucket?.take() === false };
    }
    return null;
  }
}
