import { type Trial, VARIANTS } from "@perennial/contracts";
import type { Ledger } from "@perennial/ledger";
import { armOf } from "@perennial/statistics";
import type { Telemetry } from "@perennial/telemetry";
import { stickyKey } from "./sticky-key.ts";

/** How long a trial that has begun, or ended, may go unnoticed. */
const KNOWN_FOR_MS = 15_000;
/** Pause after the ledger couldn't be read. */
const RETRY_AFTER_MS = 1000;

export interface StickyVariantsOptions {
  ledger: Pick<Ledger, "readTrial">;
  telemetry: Telemetry;
  clock: () => Date;
}

/** Which variant a request is for while two models are in service and each caller is to meet the same one. */
export class StickyVariants {
  private readonly options: StickyVariantsOptions;
  private readonly known = new Map<string, { trial: Trial | null; until: number }>();

  constructor(options: StickyVariantsOptions) {
    this.options = options;
  }

  /** Undefined where the request is left to chance. */
  async variantFor(workload: string, body: Uint8Array, contentType: string): Promise<string | undefined> {
    const trial = await this.trialOf(workload);
    if (trial === null || trial.kind !== "experiment" || trial.stickyBy === null) return undefined;
    const key = stickyKey(body, contentType, trial.stickyBy);
    return key === null ? undefined : VARIANTS[armOf(trial.execution, key, trial.share)];
  }

  /** The endpoint doesn't know the variant, not yet or no longer: nobody is sent there until the ledger is read again. */
  forget(workload: string): void {
    this.known.set(workload, { trial: null, until: this.options.clock().getTime() + KNOWN_FOR_MS });
  }

  private async trialOf(workload: string): Promise<Trial | null> {
    const { ledger, telemetry, clock } = this.options;
    const known = this.known.get(workload);
    const now = clock().getTime();
    if (known !== undefined && now < known.until) return known.trial;
    try {
      const trial = await ledger.readTrial(workload);
      this.known.set(workload, { trial, until: now + KNOWN_FOR_MS });
      return trial;
    } catch (error) {
      // A prediction by either model is better than none, and what was known last is likely to hold.
      const trial = known?.trial ?? null;
      this.known.set(workload, { trial, until: now + RETRY_AFTER_MS });
      telemetry.log("trial unknown", {
        workload,
        error: error instanceof Error ? error.name : String(error),
      });
      return trial;
    }
  }
}
