import type { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { appSigner, appUrl, PACKAGE_TAG, RegisteredModels, Transport } from "@perennial/tracking";
import type { TrackedModel, TrackingReader } from "./tracking.ts";

/** Nobody waits longer for what only stands beside the answer. */
const PATIENCE_MS = 5_000;

export interface MlflowPlace {
  appArn: string;
  /** Address of what stands for all of AWS; null for AWS itself. */
  url: string | null;
  /** Address of MLflow's pages; null where only a signed address opens them. */
  pages: string | null;
  sageMaker: SageMakerClient;
  /** @default 5000 */
  timeoutMs?: number;
}

/** Reads a stack's MLflow app, signed by who asks: IAM wants `sagemaker:CallMlflowAppApi` on it. */
export function readMlflow(place: MlflowPlace): TrackingReader {
  const { appArn, url, pages, sageMaker, timeoutMs = PATIENCE_MS } = place;
  const sign = appSigner(appArn, () => sageMaker.config.credentials());
  const models = new RegisteredModels(new Transport({ url: url ?? appUrl(appArn), sign, timeoutMs }));
  return {
    readModels: async (workload) => {
      const found = await models.find(workload);
      const tracked = new Map<string, TrackedModel>();
      if (found === null) return tracked;
      for (const { version, runId: made, tags } of await models.versions(workload)) {
        const arn = tags[PACKAGE_TAG];
        // Of two that stand for one package the older one counts; the other is about to be taken away.
        if (arn === undefined || tracked.has(arn)) continue;
        const aliases = Object.keys(found.aliases).filter((alias) => found.aliases[alias] === version);
        const runId = made === "" ? null : made;
        const runUrl = runId === null || pages === null ? null : `${pages}/#/runs/${runId}`;
        tracked.set(arn, { version, aliases, runId, runUrl });
      }
      return tracked;
    },
  };
}
