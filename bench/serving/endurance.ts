import { load } from "./load.ts";
import { type Server, usageOf } from "./servers.ts";

/** More callers than the container lets wait (PERENNIAL_MAX_PENDING), each with its next request at once. */
const CROWD = 1_000;

/** What a crowd does to the container: everyone has to be answered, with a prediction or with "not now". */
export async function measureSaturation(server: Server, seconds: number) {
  const calm = () => load({ ...server, connections: 4, seconds: 5 });
  const before = await calm();
  const crowded = await load({ ...server, connections: CROWD, seconds });
  const { peakMiB } = usageOf(server);
  const after = await calm();
  return {
    seconds,
    connections: CROWD,
    sent: crowded.sent,
    predicted: crowded.statuses["200"] ?? 0,
    toldToComeAgain: crowded.statuses["503"] ?? 0,
    otherwiseAnswered: crowded.answered - (crowded.statuses["200"] ?? 0) - (crowded.statuses["503"] ?? 0),
    unanswered: crowded.unanswered,
    connectionsEnded: crowded.reconnected,
    predictedPerSecond: crowded.perSecond,
    p99Micros: crowded.micros.p99,
    peakMiB,
    p99MicrosBefore: before.micros.p99,
    p99MicrosAfter: after.micros.p99,
    predictedAfter: Object.keys(after.statuses).join() === "200",
  };
}

/** Resident memory over many requests, at every tenth of them. */
export async function measureMemory(server: Server, requests: number) {
  const residentMiB: number[] = [];
  let answered = 0;
  while (answered < requests) {
    const target = (requests * (residentMiB.length + 1)) / 10;
    while (answered < target) answered += (await load({ ...server, connections: 32, seconds: 2 })).answered;
    residentMiB.push(Math.round(usageOf(server).residentMiB * 10) / 10);
  }
  return { requests: answered, residentMiB, peakMiB: usageOf(server).peakMiB };
}
