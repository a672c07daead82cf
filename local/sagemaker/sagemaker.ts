import { join } from "node:path";
import { notEmulated } from "../gateway/request.ts";
import { Endpoints } from "./endpoints.ts";
import { ModelCards } from "./model-cards.ts";
import { ModelPackages } from "./model-packages.ts";
import { Models } from "./models.ts";
import { ProcessingJobs } from "./processing-jobs.ts";
import type { Operations, Program, Surroundings } from "./surroundings.ts";
import { TagStore } from "./tags.ts";
import { TransformJobs } from "./transform-jobs.ts";
import { TrainingJobs } from "./training-jobs.ts";

/** SageMaker on one machine: registry, jobs and endpoints behind the gateway. */
export interface SageMaker {
  /** Puts endpoints back in service and ends the jobs that a restart cut off. Roles must be declared before. */
  resume(): Promise<void>;
  /** Waits until no endpoint is being created, updated or deleted. */
  settled(): Promise<void>;
  /** Writes captured requests that are still in memory. */
  flushCapture(): Promise<void>;
  /** Stops jobs and endpoints; their processes have ended when it resolves. */
  close(): Promise<void>;
}

/** Registers the services `sagemaker` and `runtime.sagemaker` with the gateway. */
export function openSageMaker(surroundings: Surroundings): SageMaker {
  const models = new Models(surroundings);
  const endpoints = new Endpoints(surroundings, models);
  const training = new TrainingJobs(surroundings);
  const processing = new ProcessingJobs(surroundings);
  const transform = new TransformJobs(surroundings, models);
  const tags = new TagStore(surroundings.stateFolder);
  const operations: Operations = {
    ...new ModelPackages(surroundings).operations(),
    ...new ModelCards(surroundings).operations(),
    ...models.operations(),
    ...endpoints.operations(),
    ...training.operations(),
    ...processing.operations(),
    ...transform.operations(),
    ...tags.operations(),
  };
  surroundings.gateway.register("sagemaker", async ({ action, input, caller }) => {
    const operation = operations[action];
    if (operation === undefined) throw notEmulated(`sagemaker ${action}`);
    const output = await operation(input, caller);
    tags.noteCreation(action, input, output);
    return output;
  });
  surroundings.gateway.register("runtime.sagemaker", async ({ input }) => endpoints.invoke(input));
  return {
    async resume() {
      training.jobs.settleInterrupted();
      processing.jobs.settleInterrupted();
      transform.jobs.settleInterrupted();
      await endpoints.resume();
    },
    settled: () => endpoints.settled(),
    flushCapture: () => endpoints.flushCapture(),
    async close() {
      const jobs = [training.jobs, processing.jobs, transform.jobs];
      await Promise.all([...jobs.map((some) => some.close()), endpoints.close()]);
    },
  };
}

/**
 * The programs of this repository that stand for its images, told by the repository's name in the image's URI.
 *
 * @param root folder of the repository.
 */
export function repositoryPrograms(root: string, python: string): (image: string) => Program | undefined {
  return (image) => {
    if (/serving/.test(image)) {
      return { command: [process.execPath, "apps/serving/main.ts"], cwd: root, env: {} };
    }
    if (/training|tabular/.test(image)) {
      const PYTHONPATH = join(root, "training-images/tabular/src");
      return { command: [python, "-m", "perennial_tabular"], cwd: root, env: { PYTHONPATH } };
    }
    return undefined;
  };
}
