import { parse } from "@perennial/contracts";
import { z } from "zod";

const whole = (schema: z.ZodNumber) =>
  z.string().regex(/^\d+$/, "expected a whole number").transform(Number).pipe(schema);

/** An ARN, since it names the region too: SageMaker promises hosted containers no `AWS_REGION`. */
const TableArn = z
  .string()
  .regex(
    /^arn:aws:dynamodb:[a-z0-9-]+:\d{12}:table\/[\w.-]+$/,
    "expected arn:aws:dynamodb:<region>:<account>:table/<name>",
  )
  .transform((arn) => {
    const [, , , region = "", , resource = ""] = arn.split(":");
    return { region, name: resource.slice("table/".length) };
  });

const Environment = z.object({
  PERENNIAL_MODEL_VERSION: whole(z.int().min(0)),
  PERENNIAL_MAX_BODY_KIB: whole(
    z
      .int()
      .min(1)
      .max(25 * 1024),
  ),
  PERENNIAL_MAX_RECORDS: whole(z.int().min(1).max(100_000)),
  PERENNIAL_MAX_PENDING: whole(z.int().min(1).max(10_000)).default(256),
  PERENNIAL_ONLINE_TABLE: TableArn.optional(),
  PERENNIAL_ML_ROOT: z.string().min(1).default("/opt/ml"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: whole(z.int().max(65_535)).default(8080),
});

export interface Settings {
  /** Version in the registry; 0 is the baseline. */
  readonly version: number;
  readonly limits: {
    readonly maxBodyKiB: number;
    readonly maxRecords: number;
    /** Requests that may wait for their answer; past that they are told to come again. */
    readonly maxPending: number;
  };
  /** Table of the entities' latest states; undefined where nothing is looked up. */
  readonly onlineTable: { readonly region: string; readonly name: string } | undefined;
  readonly modelDirectory: string;
  readonly host: string;
  readonly port: number;
}

/**
 * Reads what the container is told by its environment and its argument, `serve` (SageMaker's) or none.
 *
 * @throws {InvalidInput} with every variable that is missing or malformed.
 */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): Settings {
  if (args.some((argument) => argument !== "serve")) {
    throw new Error(`serving container: given the arguments "${args.join(" ")}"; expected "serve" or none.`);
  }
  const { PERENNIAL_ML_ROOT, HOST, PORT, ...settings } = parse(
    Environment,
    environment,
    "serving container: its environment",
  );
  return {
    version: settings.PERENNIAL_MODEL_VERSION,
    limits: {
      maxBodyKiB: settings.PERENNIAL_MAX_BODY_KIB,
      maxRecords: settings.PERENNIAL_MAX_RECORDS,
      maxPending: settings.PERENNIAL_MAX_PENDING,
    },
    onlineTable: settings.PERENNIAL_ONLINE_TABLE,
    modelDirectory: `${PERENNIAL_ML_ROOT}/model`,
    host: HOST,
    port: PORT,
  };
}
