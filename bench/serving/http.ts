import { readFileSync } from "node:fs";
import { median } from "./in-process.ts";
import { load } from "./load.ts";
import { ask, type Server, usageOf } from "./servers.ts";

/** Connections that are kept busy: one caller, and more than one core can answer. */
export const CONNECTIONS = [1, 32];
const PARITY = 1e-5;

export interface Measured {
  server: string;
  connections: number;
  perSecond: number;
  p50Micros: number;
  p99Micros: number;
  /** Processor time of the server for one request. */
  processorMicros: number;
  residentMiB: number;
}

/** Asks each server for the same records; @throws where one of them answers differently than the first. */
export async function assertParity(servers: readonly Server[], records: number): Promise<number> {
  const lines = servers.map(({ bodies }) => readFileSync(bodies, "utf8").split("\n"));
  let largest = 0;
  for (let record = 0; record < records; record += 1) {
    const answers = await Promise.all(
      servers.map((server, place) => ask(server, lines[place]?.[record] ?? "")),
    );
    const difference = Math.max(...answers) - Math.min(...answers);
    if (!(difference <= PARITY)) {
      const told = servers.map(({ name }, place) => `${name}: ${answers[place]}`).join(", ");
      throw new Error(
        `bench/serving: record ${record} has several answers (${told}); expected one within ${PARITY}`,
      );
    }
    largest = Math.max(largest, difference);
  }
  return largest;
}

/** Loads the servers in turns, so that what else the machine does falls on all alike; medians over the rounds. */
export async function measureHttp(
  servers: readonly Server[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const connections of CONNECTIONS) {
    const perServer = servers.map((): Measured[] => []);
    for (let round = -1; round < rounds; round += 1) {
      for (const [place, server] of servers.entries()) {
        const before = usageOf(server);
        // The first round is for compilers and caches.
        const report = await load({ ...server, connections, seconds: round < 0 ? 2 : seconds });
        const after = usageOf(server);
        if (report.unanswered > 0 || Object.keys(report.statuses).join() !== "200") {
          throw new Error(
            `bench/serving: ${server.name} answered ${JSON.stringify(report.statuses)}, ${report.unanswered} not at all`,
          );
        }
        if (round < 0) continue;
        perServer[place]?.push({
          server: server.name,
          connections,
          perSecond: report.perSecond,
          p50Micros: report.micros.p50,
          p99Micros: report.micros.p99,
          processorMicros: ((after.processorSeconds - before.processorSeconds) / report.answered) * 1e6,
          residentMiB: after.residentMiB,
        });
      }
    }
    measured.push(...perServer.map(medianOf));
  }
  return measured;
}

function medianOf(rounds: readonly Measured[]): Measured {
  const [first] = rounds;
  if (first === undefined) throw new Error("bench/serving: expected at least one round");
  return {
    ...first,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    p50Micros: median(rounds.map(({ p50Micros }) => p50Micros)),
    p99Micros: median(rounds.map(({ p99Micros }) => p99Micros)),
    processorMicros: median(rounds.map(({ processorMicros }) => processorMicros)),
    residentMiB: Math.max(...rounds.map(({ residentMiB }) => residentMiB)),
  };
}
