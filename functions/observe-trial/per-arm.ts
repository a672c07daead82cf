import { z } from "zod";

/** Something of each model on trial. */
export const perArm = <Schema extends z.ZodType>(schema: Schema) =>
  z.strictObject({ champion: schema, challenger: schema });
