import { parentPort, workerData } from "node:worker_threads";
import type { EntityState } from "@perennial/contracts";
import type { StateKey, StateLookup } from "@perennial/online";
import { BlockScorer } from "./block-scorer.ts";
import { openModel } from "./open-model.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

// A thread that scores blocks. It touches no service: states are asked of the thread that started it.

const port = parentPort;
if (port === null) throw new Error("batch/worker.ts: expected to be started as a worker thread");
const say = (message: FromWorker): void => port.postMessage(message);

type States = readonly (EntityState | undefined)[];
const waiting = new Map<number, PromiseWithResolvers<States>>();
let asked = 0;

async function readStates(wanted: readonly StateKey[]): Promise<StateLookup> {
  asked += 1;
  const answer = Promise.withResolvers<States>();
  waiting.set(asked, answer);
  say({ kind: "wanted", id: asked, wanted });
  const states = await answer.promise;
  const byName = new Map(wanted.map((key, index) => [nameOf(key), states[index]]));
  return (key) => byName.get(nameOf(key));
}

const nameOf = ({ entity, key }: StateKey): string => JSON.stringify([entity, key]);

const { artifact, kept, ...rest } = workerData as WorkerStart;
const model = await openModel(artifact, kept);
const scorer = new BlockScorer({ ...rest, model, readStates });
/** Settles with the last block that was asked for. */
let scoring: Promise<unknown> = Promise.resolve();

/** The memory of `bytes` to hand over rather than to copy; a part of a larger memory, such as Node's pool, is copied. */
function ownBuffer({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

port.on("message", (message: ToWorker) => {
  if (message.kind === "block") {
    const { id, bytes, isFirst } = message;
    const answered = scorer.score(bytes, isFirst).then(
      (block) =>
        port.postMessage({ kind: "scored", id, block } satisfies FromWorker, ownBuffer(block.output)),
      (error: unknown) =>
        say({ kind: "failed", id, reason: error instanceof Error ? error.message : String(error) }),
    );
    scoring = Promise.all([scoring, answered]);
    return;
  }
  if (message.kind === "end") {
    void scoring.then(() => model.close()).finally(() => port.close());
    return;
  }
  const answer = waiting.get(message.id);
  waiting.delete(message.id);
  if (message.kind === "states") answer?.resolve(message.states);
  else answer?.reject(new Error(message.reason));
});
