import { parse, StackName, WorkloadName } from "@perennial/contracts";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { LONGEST_STACK_NAME } from "./naming.ts";

// Settings arrive as text, lists as JSON; `Pulumi.yaml` holds their meaning and their defaults.
const integer = (from: number, to: number) =>
  z
    .string()
    .regex(/^-?\d+$/, "expected a whole number")
    .transform(Number)
    .pipe(z.int().min(from).max(to));
const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([z.literal("").transform(() => undefined), schema]);
const list = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: "custom", message: "expected a list" });
        return z.NEVER;
      }
    })
    .pipe(z.array(schema));

const instanceType = z
  .string()
  .regex(/^ml\.[a-z0-9-]+\.[a-z0-9]+$/, "expected an instance type such as ml.m5.large");
// Tokens are worth what the way to the issuer's keys is; a loopback address is for trying out.
const issuer = z
  .string()
  .regex(
    /^(https:\/\/[\w.-]+|http:\/\/127\.0\.0\.1:\d+)(\/[\w./-]*)?$/,
    "expected an address that begins with https://",
  );
const origin = z
  .string()
  .regex(/^(\*|https?:\/\/[\w.-]+(:\d+)?)$/, "expected an origin such as https://app.example.com, or *");
const imageUri = z
  .string()
  .regex(/^[\w.-]+(:\d+)?\/[\w./-]+@sha256:[0-9a-f]{64}$/, "expected registry/repository@sha256:<digest>");

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const Networked = z.object({ subnetIds: z.array(z.string()), securityGroupIds: z.array(z.string()) });
const Authenticated = z.object({
  apiAuth: z.string(),
  jwtIssuer: z.string().optional(),
  jwtAudience: z.string().optional(),
});
const Named = z.object({ apiDomain: z.string().optional(), apiHostedZoneId: z.string().optional() });

const Settings = z
  .strictObject({
    stack: StackName.max(LONGEST_STACK_NAME),
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "expected a region such as eu-central-1"),
    accountId: z.string().regex(/^\d{12}$/, "expected twelve digits"),
    workloads: list(WorkloadName),
    approval: z.enum(["gate", "person"]),
    alertEmail: optional(z.email()),
    protect: flag,
    processingInstanceType: instanceType,
    trainingInstanceType: instanceType,
    trainingVolumeGiB: integer(10, 1024),
    useSpot: flag,
    servingInstanceType: instanceType,
    servingInstanceCount: integer(1, 50),
    lambdaArchitecture: z.enum(["x64", "arm64"]),
    bakeSeconds: integer(0, 3600),
    rollout: z.enum(["", "all-at-once"]).transform((text) => (text === "" ? undefined : text)),
    logRetentionDays: integer(1, 3653).refine((days) => RETENTION_DAYS.includes(days), {
      error: `expected one of ${RETENTION_DAYS.join(", ")}`,
    }),
    ownsJobLogs: flag,
    recoveryDays: integer(1, 365),
    preparedDays: integer(1, 3650),
    captureDays: integer(1, 3650),
    kmsDeletionWindowDays: integer(7, 30),
    trainingImageUri: optional(imageUri),
    servingImageUri: optional(imageUri),
    subnetIds: list(z.string().startsWith("subnet-")),
    securityGroupIds: list(z.string().startsWith("sg-")),
    publicApi: flag,
    apiAuth: z.enum(["key", "jwt", "iam"]),
    jwtIssuer: optional(issuer),
    jwtAudience: optional(z.string()),
    openPages: flag,
    corsOrigins: list(origin),
    rateLimit: integer(10, 2_000_000_000),
    apiRequestsPerSecond: integer(1, 10_000),
    apiBurst: integer(1, 5000),
    apiDomain: optional(
      z.string().regex(/^([a-z0-9-]+\.)+[a-z]{2,}$/, "expected a domain such as api.example.com"),
    ),
    apiHostedZoneId: optional(z.string().regex(/^Z[A-Z0-9]+$/, "expected the id of a zone in Route 53")),
    ownsApiAccount: flag,
  })
  .refine(({ subnetIds, securityGroupIds }) => (subnetIds.length === 0) === (securityGroupIds.length === 0), {
    path: ["securityGroupIds"],
    error: "subnetIds and securityGroupIds are both given or both empty",
    // Asked beside the faults of other settings, too.
    when: ({ value }) => Networked.safeParse(value).success,
  })
  .refine(
    ({ apiAuth, jwtIssuer, jwtAudience }) =>
      (apiAuth === "jwt") === (jwtIssuer !== undefined) &&
      (jwtIssuer === undefined) === (jwtAudience === undefined),
    {
      path: ["jwtIssuer"],
      error: 'jwtIssuer and jwtAudience are given exactly where apiAuth is "jwt"',
      when: ({ value }) => Authenticated.safeParse(value).success,
    },
  )
  .refine(({ apiDomain, apiHostedZoneId }) => (apiDomain === undefined) === (apiHostedZoneId === undefined), {
    path: ["apiHostedZoneId"],
    error: "apiDomain and apiHostedZoneId are both given or both empty",
    when: ({ value }) => Named.safeParse(value).success,
  });

/** What a stack sets, checked. `Pulumi.yaml` says what each setting means. */
export type Settings = z.output<typeof Settings>;

/**
 * Reads the stack's settings: the only place that does.
 *
 * @throws {InvalidInput} with every fault: the setting, the value given, the values allowed.
 */
export function readSettings(): Settings {
  const perennial = new pulumi.Config("perennial");
  const stack = pulumi.getStack();
  const given: Record<string, string | undefined> = {
    stack,
    region: new pulumi.Config("aws").get("region"),
  };
  for (const name of Object.keys(Settings.shape)) {
    if (!(name in given)) given[name] = perennial.get(name);
  }
  return parse(Settings, given, `Pulumi.${stack}.yaml`);
}
