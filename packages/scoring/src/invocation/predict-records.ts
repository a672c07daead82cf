import type { LookedUp } from "@perennial/contracts";
import type { JointPredictor } from "../joint-predictor.ts";
import type { StateKey, StateOf } from "../lookups.ts";
import type { Model } from "../model.ts";
import { FaultList } from "../record-fault.ts";
import { Refusal } from "./refusal.ts";

export interface PredictedRecords {
  readonly predictions: Float32Array;
  /** Per record; empty where nothing was looked up. */
  readonly lookedUp: readonly (readonly LookedUp[])[];
}

/** Reads the latest states of entities, as `packages/online` does. */
export interface States {
  read(wanted: readonly StateKey[]): Promise<StateOf>;
}

/**
 * Predicts records, with the fields that they leave out looked up. Records that bring all fields along need no table.
 *
 * @throws {InvalidRecords} with the faults of all records, {Refusal} where nothing can be looked up here,
 *   {OnlineTableFault} where the table can't be read now, {PredictionFault} where the model fails.
 */
export async function predictRecords(
  { lookups, manifest }: Pick<Model, "lookups" | "manifest">,
  predictor: Pick<JointPredictor, "predict">,
  records: readonly unknown[],
  states: States | undefined,
  nowMs: number,
): Promise<PredictedRecords> {
  if (!lookups.areNeeded(records)) return { predictions: await predictor.predict(records), lookedUp: [] };
  if (states === undefined) {
    const fields = manifest.lookups.flatMap(({ columns }) => Object.keys(columns)).join(", ");
    throw new Refusal(
      400,
      `this endpoint has no online table (PERENNIAL_ONLINE_TABLE) to look fields up in; send ${fields} with each record`,
      { reason: "no-online-table" },
    );
  }
  const stateOf = await states.read(lookups.wanted(records));
  const faults = new FaultList();
  const completed = lookups.complete(records, stateOf, faults, nowMs);
  const predictions = await predictor.predict(
    completed.map(({ record }) => record),
    faults,
  );
  return { predictions, lookedUp: completed.map(({ lookedUp }) => lookedUp) };
}
