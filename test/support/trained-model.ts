import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { WorkloadSpec } from "@perennial/contracts";

const run = promisify(execFile);

const REPOSITORY = join(import.meta.dirname, "../..");
const TABULAR = join(REPOSITORY, "training-images/tabular");
export const PYTHON = join(REPOSITORY, ".venv/bin/python");

/** When the trainings of tests are asked for. */
const AS_OF = "2026-03-01T12:00:00Z";

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
  const workload = folderOf(spec);
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

/** A variant's spec lies in the folder that its name begins with. */
function folderOf({ name }: WorkloadSpec): string {
  const root = join(REPOSITORY, "workloads");
  const folders = readdirSync(root).filter((folder) => name === folder || name.startsWith(`${folder}-`));
  const [folder] = folders.toSorted((one, other) => other.length - one.length);
  if (folder === undefined) throw new Error(`trainedModel: workloads/ has no folder for ${name}`);
  return join(root, folder);
}

/** The queries of a workload, by the names that the jobs know them by. */
function queriesOf({ source, entities }: WorkloadSpec, workload: string): Record<string, string> {
  return {
    "features.sql": join(workload, source.features),
    ...(source.rows === undefined ? {} : { "rows.sql": join(workload, source.rows.sql) }),
    ...Object.fromEntries(
      Object.keys(entities).map((name) => [`entities/${name}.sql`, join(workload, `entities/${name}.sql`)]),
    ),
  };
}

function hashOfInputs(spec: WorkloadSpec, workload: string): string {
  const hash = createHash("sha256").update(JSON.stringify(spec));
  const files = [
    ...Object.values(queriesOf(spec, workload)),
    join(workload, spec.source.path),
    join(TABULAR, "requirements.lock"),
    ...globSync(join(TABULAR, "src/**/*.{py,json}")).toSorted(),
  ];
  for (const file of files) hash.update(basename(file)).update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

async function runJobs(root: string, spec: WorkloadSpec, workload: string): Promise<void> {
  const inputs = join(root, "processing/input");
  const [raw, specFolder, accepted] = ["raw", "spec", "accepted"].map((name) => join(inputs, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [raw, join(specFolder, "entities"), accepted])
    await mkdir(folder, { recursive: true });
  await copyFile(join(workload, spec.source.path), join(raw, basename(spec.source.path)));
  await writeFile(join(specFolder, "spec.json"), JSON.stringify(spec));
  for (const [name, file] of Object.entries(queriesOf(spec, workload))) {
    await copyFile(file, join(specFolder, name));
  }
  await writeFile(join(accepted, "none.json"), "{}");
  await runJob("prepare", root);
  const message = await readFile(join(root, "output/message"), "utf8").catch(() => "");
  if (!message.startsWith("accepted "))
    throw new Error(`the data of ${spec.name} wasn't accepted: ${message}`);

  const channels = join(root, "input/data");
  await cp(join(root, "processing/output/prepared"), join(channels, "prepared"), { recursive: true });
  await cp(specFolder, join(channels, "spec"), { recursive: true });
  await mkdir(join(root, "input/config"), { recursive: true });
  await writeFile(join(root, "input/config/hyperparameters.json"), '{"search": "false"}');
  await runJob("train", root);
}

async function runJob(job: "prepare" | "train", root: string): Promise<void> {
  const asked = { PERENNIAL_AS_OF: AS_OF, PERENNIAL_SNAPSHOT: "" };
  const env = { PATH: process.env["PATH"] ?? "", PERENNIAL_ML_ROOT: root, ...asked };
  await run(PYTHON, ["-m", "perennial_tabular", job], { cwd: TABULAR, env, maxBuffer: 2 ** 26 });
}
