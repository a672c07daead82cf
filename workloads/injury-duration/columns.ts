import type { WorkloadSpecInput } from "@perennial/contracts";

const yesOrNo = { type: "integer", min: 0, max: 1, required: true } as const;
const grade = { type: "integer", min: 0, max: 3, required: true } as const;

/** The examination, in the order of the file. The source explains no column; the meanings are inferred from the names. */
export const columns: WorkloadSpecInput["source"]["columns"] = {
  age: { type: "integer", description: "Age", unit: "years", min: 14, max: 50, required: true },
  is_contact: { ...yesOrNo, description: "Whether the injury came from contact with another player" },
  has_stopped: { ...yesOrNo, description: "Whether the player had to stop" },
  swelling: { ...grade, description: "Grade of the swelling" },
  tone: { ...grade, description: "Grade of the change of the muscle's tone" },
  palpation: { ...grade, description: "Grade of what palpation finds" },
  is_contraction_painful: { ...yesOrNo, description: "Whether contracting the muscle hurts" },
  is_stretching_painful: { ...yesOrNo, description: "Whether stretching the muscle hurts" },
  class: { type: "integer", description: "Class of the injury", min: 0, max: 4, required: true },
  is_proximal: { ...yesOrNo, description: "Whether the injury lies in the muscle's upper part" },
  is_abdominal: { ...yesOrNo, description: "Whether the injury lies in the abdominal muscles" },
  is_distal: { ...yesOrNo, description: "Whether the injury lies in the muscle's lower part" },
  fascia_depth: { ...grade, description: "Grade of how deep the fascia is affected" },
  is_hamstring: { ...yesOrNo, description: "Whether the hamstrings are injured" },
  is_quadriceps: { ...yesOrNo, description: "Whether the quadriceps is injured" },
  is_add_abd: { ...yesOrNo, description: "Whether adductors or abductors are injured" },
  is_calf: { ...yesOrNo, description: "Whether the calf is injured" },
  is_belly: { ...yesOrNo, description: "Whether the injury lies in the muscle's belly" },
};

/** Each column as it stands. */
export const features: WorkloadSpecInput["features"] = Object.keys(columns).map((column) => ({
  kind: "number",
  name: column,
  column,
}));
