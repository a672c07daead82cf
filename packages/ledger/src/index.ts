export {
  type AdmissionState,
  EMPTY_ADMISSION,
  type Freeze,
  type Holder,
  type Pending,
} from "./admission-state.ts";
export { admit, type Admission, type Decision, renew, type Request, type Terms } from "./admit.ts";
export { Entrance, type EntranceTo } from "./entrance.ts";
export {
  executionArn,
  executionName,
  retrainInput,
  type RetrainingDefaults,
  rolloutInput,
} from "./execution.ts";
export { freeze, freezeAt, freezeEntry } from "./freeze.ts";
export { type Failure, readFailure } from "./failure.ts";
export type { Door } from "./keys.ts";
export { confirm, release, withdraw } from "./lease.ts";
export { documentClient, Ledger, LedgerContended, type LedgerOptions } from "./ledger.ts";
export {
  type AdmissionDecision,
  answerOf,
  type Declined,
  forEachWorkload,
  type Passage,
  type Start,
} from "./passage.ts";
