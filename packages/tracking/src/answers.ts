import { z } from "zod";

const Tag = z.object({ key: z.string(), value: z.string().default("") });
// MLflow leaves empty lists out.
const tags = z
  .array(Tag)
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, value])));

/** A run as the server answers it, as far as it is read here. */
export const Run = z
  .object({
    info: z.object({
      run_id: z.string(),
      run_name: z.string().default(""),
      status: z.string(),
      artifact_uri: z.string(),
      start_time: z.number().default(0),
    }),
    data: z.object({ tags }).default({ tags: {} }),
  })
  .transform(({ info, data }) => ({
    runId: info.run_id,
    name: info.run_name,
    status: info.status,
    artifactUri: info.artifact_uri,
    /** Milliseconds since 1970. */
    startedAt: info.start_time,
    tags: data.tags,
  }));
export type Run = z.output<typeof Run>;

export const Experiment = z.object({
  experiment_id: z.string(),
  lifecycle_stage: z.string().default("active"),
});

export const RunPage = z.object({ runs: z.array(Run).default([]), next_page_token: z.string().default("") });

export const ArtifactPage = z.object({
  files: z
    .array(
      z.object({
        path: z.string(),
        is_dir: z.boolean().default(false),
        file_size: z.coerce.number().default(0),
      }),
    )
    .default([]),
  next_page_token: z.string().default(""),
});

/** A version of a registered model, numbered by MLflow in order of their creation. */
export const ModelVersion = z
  .object({
    version: z.coerce.number(),
    run_id: z.string().default(""),
    description: z.string().default(""),
    tags,
  })
  .transform(({ version, run_id: runId, description, tags: given }) => ({
    version,
    runId,
    description,
    tags: given,
  }));
export type ModelVersion = z.output<typeof ModelVersion>;

export const ModelVersionPage = z.object({
  model_versions: z.array(ModelVersion).default([]),
  next_page_token: z.string().default(""),
});

export const RegisteredModel = z
  .object({ aliases: z.array(z.object({ alias: z.string(), version: z.coerce.number() })).default([]) })
  .transform(({ aliases }) => ({
    aliases: Object.fromEntries(aliases.map(({ alias, version }) => [alias, version])) as Record<
      string,
      number
    >,
  }));
export type RegisteredModel = z.output<typeof RegisteredModel>;

/** An answer of which nothing is read. */
export const Nothing = z.unknown();
