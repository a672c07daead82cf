import type { measureMemory, measureSaturation } from "./endurance.ts";
import type { Measured } from "./http.ts";
import type { InProcess } from "./in-process.ts";

export interface Figures {
  machine: Record<string, unknown>;
  generator: { perSecond: number; fixedDelayMicros: number; measuredDelayMicros: number };
  parity: { records: number; largestDifference: number };
  inProcess: InProcess;
  /** From the start of the container's process to its first prediction, each time. */
  startMillis: readonly number[];
  peersStartMillis: Readonly<Record<string, number>>;
  http: readonly Measured[];
  memory: Awaited<ReturnType<typeof measureMemory>>;
  saturation: Awaited<ReturnType<typeof measureSaturation>>;
}

export interface Promised {
  measured: string;
  promised: string;
  kept: boolean;
}

/** What the platform promises about serving, and whether this run kept it. */
export function promisesOf({ http, inProcess, memory, saturation }: Figures): Record<string, Promised> {
  const promises: Record<string, Promised> = {};
  const atLeast = (name: string, ratio: number, least: number) =>
    (promises[name] = { measured: times(ratio), promised: `at least ${least}×`, kept: ratio >= least });
  const atMost = (name: string, number: number, most: number, unit: string) =>
    (promises[name] = {
      measured: `${number.toFixed(0)} ${unit}`,
      promised: `at most ${most} ${unit}`,
      kept: number <= most,
    });
  for (const peer of http) {
    const ours = baseOf(http, peer);
    // Bare ONNX Runtime runs our own graph: what it leaves is told, not promised.
    if (ours === undefined || !peer.server.includes("XGBoost")) continue;
    const where = `${peer.server}, ${peer.connections} connections`;
    atLeast(`requests/s against ${where}`, ours.perSecond / peer.perSecond, 10);
    atLeast(`p99 against ${where}`, peer.p99Micros / ours.p99Micros, 1);
  }
  const { perennial, python } = inProcess;
  atLeast("one raw record against the Python pipeline", python.onePipeline / perennial.one, 100);
  atLeast("one raw record against inplace_predict alone", python.oneInplacePredict / perennial.one, 3);
  atLeast("10,000 raw records against the Python pipeline", python.batchPipeline / perennial.batch, 1);
  const [first = Number.NaN, ...later] = memory.residentMiB;
  const tops = [first, ...later];
  atMost(`memory over ${memory.requests} requests`, Math.max(...tops) * 1.048576, 150, "MB");
  atMost("memory's growth after the first tenth of them", Math.max(...tops) - first, 5, "MiB");
  atMost("requests without an answer in a crowd", saturation.unanswered, 0, "requests");
  atMost("other answers than a prediction or 503", saturation.otherwiseAnswered, 0, "requests");
  return promises;
}

const baseOf = (http: readonly Measured[], peer: Measured): Measured | undefined => {
  const base = http.find(({ connections }) => connections === peer.connections);
  return base === peer ? undefined : base;
};

const times = (number: number): string => `${number.toFixed(number < 0.1 ? 3 : number < 10 ? 1 : 0)}×`;

/** The figures as tables, and what was promised. */
export function printReport(figures: Figures): void {
  const { machine, generator, parity, inProcess, http, memory, saturation } = figures;
  const { startMillis, peersStartMillis } = figures;
  console.table(machine);
  console.log(
    `Load generator: up to ${Math.round(generator.perSecond)} requests/s; a fixed delay of ` +
      `${generator.fixedDelayMicros} µs is measured as ${generator.measuredDelayMicros} µs.`,
  );
  console.log(
    `The same answers: ${parity.records} records, differing by ${parity.largestDifference} at most.`,
  );
  console.log("One raw record over HTTP, one core:");
  console.table(
    http.map((measured) => {
      const { server, connections, perSecond, p50Micros, p99Micros, processorMicros, residentMiB } = measured;
      const ours = baseOf(http, measured);
      return {
        server,
        connections,
        "requests/s": Math.round(perSecond),
        "p50 (ms)": (p50Micros / 1_000).toFixed(2),
        "p99 (ms)": (p99Micros / 1_000).toFixed(2),
        "processor (µs)": Math.round(processorMicros),
        "memory (MiB)": Math.round(residentMiB),
        "our requests/s are": ours === undefined ? "" : times(ours.perSecond / perSecond),
        "our p99 is": ours === undefined ? "" : times(ours.p99Micros / p99Micros),
      };
    }),
  );
  const { perennial, python } = inProcess;
  console.log("In process, one thread:");
  console.table({
    "one raw record (µs)": row(perennial.one, python.onePipeline),
    "… against inplace_predict alone (µs)": row(perennial.one, python.oneInplacePredict),
    "10,000 raw records, processor time (ms)": row(perennial.batch / 1_000, python.batchPipeline / 1_000),
  });
  console.log(`From start to the first prediction: ${startMillis.join(", ")} ms; of the peers (ms):`);
  console.table(peersStartMillis);
  console.log(`Memory over ${memory.requests} requests: ${memory.residentMiB.join(", ")} MiB.`);
  console.log(`A crowd of ${saturation.connections} for ${saturation.seconds} s:`);
  console.table(saturation);
  console.log("What is promised:");
  console.table(promisesOf(figures));
}

const row = (perennial: number, python: number) => ({
  perennial: perennial.toFixed(1),
  python: python.toFixed(1),
  ratio: times(python / perennial),
});
