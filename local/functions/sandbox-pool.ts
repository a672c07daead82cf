import type { Sandbox } from "./sandbox.ts";

/** Sandboxes of one function at a time; further calls wait. Lambda would start hundreds, this machine has few cores. */
const MOST_SANDBOXES = 3;

/** The sandboxes of one function: one for each call under way, kept for the next one. */
export class SandboxPool {
  private readonly open: () => Sandbox;
  private readonly idle: Sandbox[] = [];
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(open: () => Sandbox) {
    this.open = open;
  }

  /** Starts a sandbox before it is asked for, where there is none. */
  warm(): void {
    if (this.idle.length === 0 && this.running === 0) this.idle.push(this.open());
  }

  async take(): Promise<Sandbox> {
    while (this.running >= MOST_SANDBOXES) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    }
    this.running += 1;
    for (;;) {
      const idle = this.idle.pop();
      if (idle === undefined) return this.open();
      if (!idle.isDead) return idle;
    }
  }

  give(sandbox: Sandbox): void {
    this.running -= 1;
    if (!sandbox.isDead) this.idle.push(sandbox);
    this.waiting.shift()?.();
  }

  /** Ends those that nothing runs in. */
  async drain(): Promise<void> {
    await Promise.all(this.idle.splice(0).map((sandbox) => sandbox.close()));
  }
}
