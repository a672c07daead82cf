import type { EntityState } from "@perennial/contracts";
import type { StateKey } from "@perennial/online";
import type { ScoredBlock } from "./block-scorer.ts";
import type { FileFormat } from "./formats.ts";

/** What a worker starts with. */
export interface WorkerStart {
  /** `model.tar.gz`, which has been verified. */
  artifact: Uint8Array;
  format: FileFormat["kind"];
  isCompressed: boolean;
  names: readonly string[];
  /** Fields that are carried along and not read. */
  kept: readonly string[];
  nowMs: number;
}

/** To a worker: a block to score, states that it asked for (in the order of its keys), or to end after what it was sent. */
export type ToWorker =
  | { kind: "block"; id: number; bytes: Uint8Array; isFirst: boolean }
  | { kind: "states"; id: number; states: readonly (EntityState | undefined)[] }
  | { kind: "no states"; id: number; reason: string }
  | { kind: "end" };

/** From a worker. */
export type FromWorker =
  | { kind: "scored"; id: number; block: ScoredBlock }
  | { kind: "failed"; id: number; reason: string }
  | { kind: "wanted"; id: number; wanted: readonly StateKey[] };
