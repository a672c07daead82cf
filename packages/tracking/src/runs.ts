import { z } from "zod";
import { ArtifactPage, Experiment, Nothing, Run, RunPage } from "./answers.ts";
import { TrackingRefused } from "./tracking-fault.ts";
import type { Transport } from "./transport.ts";

export interface Measurement {
  name: string;
  value: number;
  /** @default 0 */
  step?: number;
  /** Milliseconds since 1970. The same measurement written twice, at one time, is one. */
  at: number;
}

/** What is written down about a run. */
export interface Notes {
  params?: Readonly<Record<string, string | number | boolean>>;
  metrics?: readonly Measurement[];
  tags?: Readonly<Record<string, string>>;
}

export type Ending = "FINISHED" | "FAILED" | "KILLED";

/** Writes an object of S3, for a server whose artifacts lie there. */
export type StoreObject = (uri: string, bytes: Uint8Array) => Promise<void>;

/** Most of each kind that one request takes, together at most 1,000: https://mlflow.org/docs/latest/rest-api.html#log-batch */
const BATCH = { metrics: 800, params: 100, tags: 100 };
const PAGE = 1000;

/** Experiments and runs of a tracking server. Every writing may be repeated. */
export class Runs {
  private readonly transport: Transport;
  private readonly storeObject: StoreObject | undefined;

  constructor(transport: Transport, storeObject?: StoreObject) {
    this.transport = transport;
    this.storeObject = storeObject;
  }

  /** The experiment of a name, created where there is none and taken out of the bin where it lies there. */
  async experiment(name: string): Promise<string> {
    const found = (await this.findExperiment(name)) ?? (await this.createExperiment(name));
    const { experiment_id, lifecycle_stage } = found;
    if (lifecycle_stage === "deleted") {
      await this.transport.change("POST", "experiments/restore", { experiment_id }, Nothing);
    }
    return experiment_id;
  }

  /** The runs that bear all of `tags`, the one that started first leading. */
  async find(experimentId: string, tags: Readonly<Record<string, string>>): Promise<Run[]> {
    const filter = Object.entries(tags).map(([key, value]) => {
      if (/['`\\]/.test(key + value)) {
        throw new TypeError(
          `a run can't be found by ${JSON.stringify({ [key]: value })}: quotes aren't taken`,
        );
      }
      return `tags.\`${key}\` = '${value}'`;
    });
    const runs: Run[] = [];
    let page_token = "";
    do {
      const page = await this.transport.change(
        "POST",
        "runs/search",
        {
          experiment_ids: [experimentId],
          filter: filter.join(" AND "),
          max_results: PAGE,
          ...(page_token === "" ? {} : { page_token }),
        },
        RunPage,
      );
      runs.push(...page.runs);
      page_token = page.next_page_token;
    } while (page_token !== "");
    return runs.toSorted((a, b) => a.startedAt - b.startedAt || (a.runId < b.runId ? -1 : 1));
  }

  /** @param run `startedAt` in milliseconds since 1970. */
  async create(
    experimentId: string,
    run: { name: string; startedAt: number; tags: Readonly<Record<string, string>> },
  ): Promise<Run> {
    const tags = Object.entries(run.tags).map(([key, value]) => ({ key, value }));
    const { run: created } = await this.transport.change(
      "POST",
      "runs/create",
      { experiment_id: experimentId, run_name: run.name, start_time: run.startedAt, tags },
      z.object({ run: Run }),
    );
    return created;
  }

  /** Writes down what a run is about, in as few requests as MLflow's limits allow. */
  async log(runId: string, { params = {}, metrics = [], tags = {} }: Notes): Promise<void> {
    const written = {
      metrics: metrics.map(({ name: key, value, step = 0, at: timestamp }) => ({
        key,
        value,
        step,
        timestamp,
      })),
      params: Object.entries(params).map(([key, value]) => ({ key, value: String(value) })),
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    };
    const kinds = ["metrics", "params", "tags"] as const;
    const requests = Math.max(...kinds.map((kind) => Math.ceil(written[kind].length / BATCH[kind])));
    for (let number = 0; number < requests; number++) {
      const part = Object.fromEntries(
        kinds.map((kind) => [kind, written[kind].slice(number * BATCH[kind], (number + 1) * BATCH[kind])]),
      );
      await this.transport.change("POST", "runs/log-batch", { run_id: runId, ...part }, Nothing);
    }
  }

  /** @param endedAt milliseconds since 1970. */
  async end(runId: string, status: Ending, endedAt: number): Promise<void> {
    await this.transport.change("POST", "runs/update", { run_id: runId, status, end_time: endedAt }, Nothing);
  }

  async setTag(runId: string, key: string, value: string): Promise<void> {
    await this.transport.change("POST", "runs/set-tag", { run_id: runId, key, value }, Nothing);
  }

  /** Puts a run into the bin. */
  async delete(runId: string): Promise<void> {
    await this.transport.change("POST", "runs/delete", { run_id: runId }, Nothing);
  }

  /** Bytes of each artifact that lies directly in `folder` of a run ("" for the run itself), by its path. */
  async listArtifacts(runId: string, folder: string): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    let page_token = "";
    do {
      const page = await this.transport.get(
        "artifacts/list",
        {
          run_id: runId,
          ...(folder === "" ? {} : { path: folder }),
          ...(page_token === "" ? {} : { page_token }),
        },
        ArtifactPage,
      );
      for (const { path, is_dir, file_size } of page.files) if (!is_dir) sizes.set(path, file_size);
      page_token = page.next_page_token;
    } while (page_token !== "");
    return sizes;
  }

  /**
   * Adds an artifact to a run; one of the same path is replaced. Where the server keeps artifacts in S3 they go there past
   * it, as MLflow's own clients do it.
   */
  async putArtifact(run: Pick<Run, "artifactUri">, path: string, bytes: Uint8Array): Promise<void> {
    const { artifactUri } = run;
    if (artifactUri.startsWith("mlflow-artifacts:")) {
      const folder = artifactUri.replace(/^mlflow-artifacts:\/*/, "");
      await this.transport.upload(`${folder}/${path}`, bytes);
      return;
    }
    if (this.storeObject === undefined || !artifactUri.startsWith("s3://")) {
      throw new TypeError(`artifacts of a run lie at ${artifactUri}; expected mlflow-artifacts:/… or s3://…`);
    }
    await this.storeObject(`${artifactUri}/${path}`, bytes);
  }

  private async findExperiment(name: string): Promise<z.output<typeof Experiment> | null> {
    try {
      const schema = z.object({ experiment: Experiment });
      return (await this.transport.get("experiments/get-by-name", { experiment_name: name }, schema))
        .experiment;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  private async createExperiment(name: string): Promise<z.output<typeof Experiment>> {
    try {
      return await this.transport.change("POST", "experiments/create", { name }, Experiment);
    } catch (error) {
      // Somebody was faster.
      const found = error instanceof TrackingRefused ? await this.findExperiment(name) : null;
      if (found === null) throw error;
      return found;
    }
  }
}

export const isMissing = (error: unknown): boolean =>
  error instanceof TrackingRefused && error.code === "RESOURCE_DOES_NOT_EXIST";
