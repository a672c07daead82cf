// Written by `npm run emit` from the workload's spec. Change the spec, not this file.

/** Days out with a muscle injury, on the seed's split: The same question on the split that published figures for this file use: holdout and audit are the 20 % of train_test_split(random_state=42). */
export interface InjuryDurationSeedSplitRecord {
  /** Age. A whole number from 14 to 50 (years). */
  age: number;
  /** Whether the injury came from contact with another player. A whole number from 0 to 1. */
  is_contact: number;
  /** Whether the player had to stop. A whole number from 0 to 1. */
  has_stopped: number;
  /** Grade of the swelling. A whole number from 0 to 3. */
  swelling: number;
  /** Grade of the change of the muscle's tone. A whole number from 0 to 3. */
  tone: number;
  /** Grade of what palpation finds. A whole number from 0 to 3. */
  palpation: number;
  /** Whether contracting the muscle hurts. A whole number from 0 to 1. */
  is_contraction_painful: number;
  /** Whether stretching the muscle hurts. A whole number from 0 to 1. */
  is_stretching_painful: number;
  /** Class of the injury. A whole number from 0 to 4. */
  class: number;
  /** Whether the injury lies in the muscle's upper part. A whole number from 0 to 1. */
  is_proximal: number;
  /** Whether the injury lies in the abdominal muscles. A whole number from 0 to 1. */
  is_abdominal: number;
  /** Whether the injury lies in the muscle's lower part. A whole number from 0 to 1. */
  is_distal: number;
  /** Grade of how deep the fascia is affected. A whole number from 0 to 3. */
  fascia_depth: number;
  /** Whether the hamstrings are injured. A whole number from 0 to 1. */
  is_hamstring: number;
  /** Whether the quadriceps is injured. A whole number from 0 to 1. */
  is_quadriceps: number;
  /** Whether adductors or abductors are injured. A whole number from 0 to 1. */
  is_add_abd: number;
  /** Whether the calf is injured. A whole number from 0 to 1. */
  is_calf: number;
  /** Whether the injury lies in the muscle's belly. A whole number from 0 to 1. */
  is_belly: number;
}

export interface InjuryDurationSeedSplit {
  record: InjuryDurationSeedSplitRecord;
  task: { kind: "regression"; unit: "days" };
}
