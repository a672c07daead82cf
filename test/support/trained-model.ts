import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { WorkloadSpec } from "@perennial/contracts";

const run = promisify(execFile);

const REPOSITORY = join(import.meta.dirname, "../..");
const TABULAR = join(REPOSITORY, "training-images/tabular");
export const PYTHON = join(REPOSITORY, ".venv/bin/python");

export interface TrainedModel {
  /** Folder with the artifact's files. */
  model: string;
  /** Folders with `rows.jsonl.gz` and `prepared.json`. */
  holdout: string;
  audit: string;
}

/**
 * The workload's model as the jobs make it from the real data, by the entry points of the training image. It is made once
 * and kept in `.cache`, under a name that holds data, spec, code and locked libraries.
 */
export async function trainedModel(spec: WorkloadSpec): Promise<TrainedModel> {
  const workload = join(REPOSITORY, "workloads", spec.name);
  const root = join(REPOSITORY, ".cache/trained", `${spec.name}-${hashOfInputs(spec, workload)}`);
  if (!existsSync(root)) {
    await mkdir(join(REPOSITORY, ".cache/trained"), { recursive: true });
    const unfinished = await mkdtemp(`${root}-`);
    try {
      await runJobs(unfinished, spec, workload);
      await rename(unfinished, root);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  const prepared = join(root, "processing/output");
  return { model: join(root, "model"), holdout: join(prepared, "holdout"), audit: join(prepared, "audit") };
}

function hashOfInputs(spec: WorkloadSpec, workload: string): string {
  const hash = createHash("sha256").update(JSON.stringify(spec));
  const files = [
    join(workload, "features.sql"),
    join(workload, spec.source.path),
    join(TABULAR, "requirements.lock"),
    ...globSync(join(TABULAR, "src/**/*.{py,json}")).toSorted(),
  ];
  for (const file of files) hash.update(basename(file)).update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

async function runJobs(root: string, spec: WorkloadSpec, workload: string): Promise<void> {
  const [raw, specFolder] = [join(root, "processing/input/raw"), join(root, "processing/input/spec")];
  for (const folder of [raw, specFolder]) await mkdir(folder, { recursive: true });
  await copyFile(join(workload, spec.source.path), join(raw, basename(spec.source.path)));
  await writeFile(join(specFolder, "spec.json"), JSON.stringify(spec));
  await copyFile(join(workload, "features.sql"), join(specFolder, "features.sql"));
  await runJob("prepare", root);

  const channels = join(root, "input/data");
  await cp(join(root, "processing/output/prepared"), join(channels, "prepared"), { recursive: true });
  await cp(specFolder, join(channels, "spec"), { recursive: true });
  await mkdir(join(root, "input/config"), { recursive: true });
  await writeFile(join(root, "input/config/hyperparameters.json"), "{}");
  await runJob("train", root);
}

async function runJob(job: "prepare" | "train", root: string): Promise<void> {
  const env = { PATH: process.env["PATH"] ?? "", PERENNIAL_ML_ROOT: root };
  await run(PYTHON, ["-m", "perennial_tabular", job], { cwd: TABULAR, env, maxBuffer: 2 ** 26 });
}
