import { z } from "zod";

/** A line of ground truth as SageMaker Model Monitor takes it (AWS documentation, "Ingest ground truth labels"). */
const LabelLine = z.object({
  groundTruthData: z.object({ data: z.string(), encoding: z.literal("CSV") }),
  eventMetadata: z.object({ eventId: z.string().min(1) }),
});

/** An outcome that became known. */
export interface Label {
  inferenceId: string;
  outcome: number;
}

/** @throws for what is no label. */
export function readLabel(line: string): Label {
  const { groundTruthData, eventMetadata } = LabelLine.parse(JSON.parse(line));
  const data = groundTruthData.data.trim();
  const outcome = data === "" ? Number.NaN : Number(data);
  if (Number.isNaN(outcome)) throw new TypeError(`an outcome that is no number: ${groundTruthData.data}`);
  return { inferenceId: eventMetadata.eventId, outcome };
}
