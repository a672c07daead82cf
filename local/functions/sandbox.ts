import { Worker } from "node:worker_threads";

export interface SandboxData {
  /** Folder with the function's code. */
  folder: string;
  /** `index.handler` */
  handler: string;
  /** The cloud's time, as `SharedTime` keeps it. */
  time: SharedArrayBuffer;
}

export interface Invocation {
  /** JSON text. */
  event: string;
  context: Record<string, string>;
  /** Milliseconds since 1970, by the machine's clock. */
  deadline: number;
}

/** JSON text of what the handler returned, or of its error as Lambda describes errors. */
export interface Answer {
  payload: string;
  error?: true;
}

export interface SandboxOptions extends SandboxData {
  environment: Record<string, string>;
  memoryMiB: number;
  onLine: (line: string) => void;
}

/** One execution environment of a function: a worker thread with its own module graph, environment and output. */
export class Sandbox {
  private readonly worker: Worker;
  private settle: ((answer: Answer) => void) | null = null;
  isDead = false;

  constructor({ folder, handler, time, environment, memoryMiB, onLine }: SandboxOptions) {
    this.worker = new Worker(new URL("worker.ts", import.meta.url), {
      workerData: { folder, handler, time } satisfies SandboxData,
      env: environment,
      stdout: true,
      stderr: true,
      // Nothing of the test runner's or the command line's own flags.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: Math.max(64, memoryMiB) },
    });
    for (const stream of [this.worker.stdout, this.worker.stderr]) {
      let rest = "";
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line !== "") onLine(line);
      });
    }
    this.worker.on("message", (answer: Answer) => this.end(answer));
    this.worker.on("error", (error: Error) => this.die("Runtime.ExitError", error.message));
    this.worker.on("exit", (code) =>
      this.die("Runtime.ExitError", `Runtime exited with exit status ${code}`),
    );
  }

  /** Runs the handler once. Past the timeout the whole environment is given up, as on Lambda. */
  async invoke(invocation: Invocation, timeoutSeconds: number): Promise<Answer> {
    const answered = new Promise<Answer>((resolve) => {
      this.settle = resolve;
    });
    const timer = setTimeout(() => {
      const late = `${invocation.context["awsRequestId"]} Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
      this.die("Sandbox.Timedout", `RequestId: ${late}`);
      void this.close();
    }, timeoutSeconds * 1000);
    if (this.isDead) this.die("Runtime.ExitError", "the environment had ended before the call");
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    else this.worker.postMessage(invocation);
    try {
      return await answered;
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.isDead = true;
    await this.worker.terminate();
  }

  private die(errorType: string, errorMessage: string): void {
    this.isDead = true;
    this.end({ error: true, payload: JSON.stringify({ errorType, errorMessage }) });
  }

  private end(answer: Answer): void {
    this.settle?.(answer);
    this.settle = null;
  }
}
