import { execFile } from "node:child_process";
import { join } from "node:path";
import { PYTHON } from "./trained-model.ts";

export interface Boto3Call {
  /** The gateway's. */
  url: string;
  region: string;
  /** As boto3 names it: `sagemaker-runtime`. */
  service: string;
  /** As boto3 names it: `invoke_endpoint`. */
  operation: string;
  input: Record<string, unknown>;
}

/** Calls an operation of boto3 in a process of its own; answers with the service's error where it refuses. */
export function callBoto3(call: Boto3Call): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
    const script = join(import.meta.dirname, "call_boto3.py");
    const child = execFile(PYTHON, [script], { env }, (error, stdout) => {
      if (error === null) resolve(JSON.parse(stdout) as Record<string, unknown>);
      else reject(error);
    });
    child.stdin?.end(JSON.stringify(call));
  });
}
