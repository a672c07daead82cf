import { gzipSync } from "node:zlib";
import type { RunSummary } from "@perennial/contracts";
import { pack } from "tar-stream";

const sha = (digit: string): string => digit.repeat(64);

/** What a training of the workload `churn` told in `run.json`. */
export const SUMMARY: RunSummary = {
  format: 1,
  workload: "churn",
  algorithm: "xgboost",
  params: { max_depth: 3, eta: 0.1, "features/count": 12 },
  metrics: { "validation/rocAuc": 0.7 },
  tags: { "library.xgboost": "3.2.0" },
  hashes: { data: sha("a"), spec: sha("b"), code: sha("c") },
  search: { objective: "validation/rocAuc", direction: "maximize", best: 1 },
};

/** A training job's `output.tar.gz`. */
export async function runRecordArchive(files: Record<string, string | Buffer>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks));
}
