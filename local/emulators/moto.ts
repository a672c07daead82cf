import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { follow, type Child } from "./child.ts";

/** The emulator that holds what no code of ours keeps: S3, SQS, SNS, DynamoDB, SSM, Secrets Manager and KMS. */
export interface Moto {
  readonly port: number;
  readonly process: Child;
  close(): Promise<void>;
}

const STARTUP_SECONDS = 30;

/**
 * Starts moto on a free port of 127.0.0.1.
 *
 * @throws where Python or moto is missing, saying what to run.
 */
export async function startMoto(options: {
  python: string;
  accountId: string;
  region: string;
}): Promise<Moto> {
  const { python, accountId, region } = options;
  if (!existsSync(python)) {
    throw new Error(`There is no Python at ${python}. Run \`make setup\`, which builds it from its lock.`);
  }
  const env = {
    MOTO_ACCOUNT_ID: accountId,
    AWS_DEFAULT_REGION: region,
  };
  const child = spawn(python, ["-I", join(import.meta.dirname, "moto_server.py")], {
    env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const said: string[] = [];
  let announce: (port: number) => void;
  const announced = new Promise<number>((resolve) => (announce = resolve));
  const moto = follow(child, (line) => {
    said.push(line);
    if (said.length > 50) said.shift();
    if (/^\d+$/.test(line)) announce(Number(line));
  });
  let timer: NodeJS.Timeout | undefined;
  const failed = (why: string): Error =>
    new Error(
      `moto ${why}. Run \`make setup\` to repair the Python environment. It said:\n${said.join("\n")}`,
    );
  try {
    const port = await Promise.race([
      announced,
      moto.ended.then((code) => {
        throw failed(`ended with code ${code} instead of starting`);
      }),
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(failed(`was not ready after ${STARTUP_SECONDS} s`)),
          STARTUP_SECONDS * 1000,
        );
      }),
    ]);
    return {
      port,
      process: moto,
      async close() {
        child.stdin.end();
        await moto.ended;
      },
    };
  } catch (error) {
    moto.kill();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
