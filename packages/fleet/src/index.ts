export { type FleetFigures, readFleet, readTraffic } from "./figures.ts";
export {
  type Findings,
  judgeFailures,
  judgeLatency,
  judgeRefusals,
  type Reference,
  shifted,
} from "./guards.ts";
export type { Window } from "./metric-data.ts";
export { Moments } from "./moments.ts";
export { readFunction } from "./function-figures.ts";
export { firstOutput } from "./first-output.ts";
export { count, percent, sentence, short } from "./wording.ts";
