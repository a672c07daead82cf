import { join } from "node:path";
import { z } from "zod";
import { Records } from "./records.ts";
import { invalid, page, readInput, ResourceName, Tags } from "./requests.ts";
import { assume } from "./role-duties.ts";
import type { Operations, Surroundings } from "./surroundings.ts";

const Container = z.looseObject({
  Image: z.string(),
  ModelDataUrl: z.string().optional(),
  Environment: z.record(z.string(), z.string()).default({}),
});

const ModelRequest = z.looseObject({
  ModelName: ResourceName,
  ExecutionRoleArn: z.string(),
  PrimaryContainer: Container.optional(),
  Containers: z.array(Container).length(1, "expected one container: pipelines aren't emulated").optional(),
  EnableNetworkIsolation: z.boolean().default(false),
  Tags: Tags.optional(),
});

const Variant = z.looseObject({
  VariantName: ResourceName,
  ModelName: z.string(),
  InitialInstanceCount: z.int().min(1).default(1),
  /** Without it, serverless. */
  InstanceType: z.string().optional(),
  InitialVariantWeight: z.number().min(0).default(1),
  ServerlessConfig: z
    .object({
      MemorySizeInMB: z.literal([1024, 2048, 3072, 4096, 5120, 6144]),
      MaxConcurrency: z.int().min(1).max(200),
    })
    .optional(),
});

const Capture = z.looseObject({
  EnableCapture: z.boolean().default(true),
  InitialSamplingPercentage: z.int().min(0).max(100),
  DestinationS3Uri: z.string().startsWith("s3://"),
  CaptureOptions: z.array(z.object({ CaptureMode: z.enum(["Input", "Output", "InputAndOutput"]) })).min(1),
  CaptureContentTypeHeader: z
    .object({
      CsvContentTypes: z.array(z.string()).default([]),
      JsonContentTypes: z.array(z.string()).default([]),
    })
    .default({ CsvContentTypes: [], JsonContentTypes: [] }),
});
export type Capture = z.output<typeof Capture>;

const Config = z.looseObject({
  EndpointConfigName: ResourceName,
  ProductionVariants: z.array(Variant).min(1).max(10),
  ShadowProductionVariants: z.array(Variant).max(1, "expected one shadow variant at most").optional(),
  DataCaptureConfig: Capture.optional(),
});
const ConfigRequest = Config.extend({ Tags: Tags.optional() });

/** A model, as its endpoint needs it. */
export interface StoredModel extends Record<string, unknown> {
  ModelName: string;
  ModelArn: string;
  ExecutionRoleArn: string;
  PrimaryContainer: z.output<typeof Container>;
  EnableNetworkIsolation: boolean;
  CreationTime: number;
}

export type StoredConfig = z.output<typeof Config> & {
  EndpointConfigArn: string;
  CreationTime: number;
};

/** Models and endpoint configurations: what endpoints are made from. */
export class Models {
  private readonly models: Records<StoredModel>;
  private readonly configs: Records<StoredConfig>;
  private readonly surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    const folder = join(surroundings.stateFolder, "registry");
    this.surroundings = surroundings;
    this.models = new Records(join(folder, "models"));
    this.configs = new Records(join(folder, "endpoint-configs"));
  }

  operations(): Operations {
    return {
      CreateModel: async (input) => this.createModel(input),
      DescribeModel: async (input) => this.model(input["ModelName"]),
      ListModels: async (input) => {
        const { items, ...rest } = page(this.models.all(), keyOfModel, input, "Descending");
        return {
          Models: items.map(({ ModelName, ModelArn, CreationTime }) => ({
            ModelName,
            ModelArn,
            CreationTime,
          })),
          ...rest,
        };
      },
      DeleteModel: async (input) => {
        this.models.delete(this.model(input["ModelName"]).ModelName);
        return {};
      },
      CreateEndpointConfig: async (input) => this.createConfig(input),
      DescribeEndpointConfig: async (input) => this.config(input["EndpointConfigName"]),
      ListEndpointConfigs: async (input) => {
        const { items, ...rest } = page(this.configs.all(), keyOfConfig, input, "Descending");
        const EndpointConfigs = items.map(({ EndpointConfigName, EndpointConfigArn, CreationTime }) => ({
          EndpointConfigName,
          EndpointConfigArn,
          CreationTime,
        }));
        return { EndpointConfigs, ...rest };
      },
      DeleteEndpointConfig: async (input) => {
        this.configs.delete(this.config(input["EndpointConfigName"]).EndpointConfigName);
        return {};
      },
    };
  }

  model(name: unknown): StoredModel {
    const model = typeof name === "string" ? this.models.get(name) : undefined;
    if (model === undefined) throw invalid(`Could not find model "${this.arn("model", name)}".`);
    return model;
  }

  config(name: unknown): StoredConfig {
    const config = typeof name === "string" ? this.configs.get(name) : undefined;
    if (config === undefined) {
      throw invalid(`Could not find endpoint configuration "${this.arn("endpoint-config", name)}".`);
    }
    return config;
  }

  private async createModel(input: Record<string, unknown>): Promise<{ ModelArn: string }> {
    const {
      Tags: _tags,
      Containers,
      PrimaryContainer = Containers?.[0],
      ...rest
    } = readInput(ModelRequest, input);
    if (PrimaryContainer === undefined) throw invalid("PrimaryContainer: expected a container");
    const { ModelName } = rest;
    if (this.models.get(ModelName) !== undefined) {
      throw invalid(`Cannot create already existing model "${this.arn("model", ModelName)}".`);
    }
    const ModelArn = this.arn("model", ModelName);
    await assume(this.surroundings, rest.ExecutionRoleArn, ModelArn);
    this.models.put(ModelName, { ...rest, PrimaryContainer, ModelArn, CreationTime: this.now() });
    return { ModelArn };
  }

  private createConfig(input: Record<string, unknown>): { EndpointConfigArn: string } {
    const { Tags: _tags, ...request } = readInput(ConfigRequest, input);
    const { EndpointConfigName } = request;
    if (this.configs.get(EndpointConfigName) !== undefined) {
      throw invalid(
        `Cannot create already existing endpoint configuration "${this.arn("endpoint-config", EndpointConfigName)}".`,
      );
    }
    for (const { ModelName } of variantsOf(request)) this.model(ModelName);
    mustBeServable(request);
    const EndpointConfigArn = this.arn("endpoint-config", EndpointConfigName);
    this.configs.put(EndpointConfigName, { ...request, EndpointConfigArn, CreationTime: this.now() });
    return { EndpointConfigArn };
  }

  private now(): number {
    return this.surroundings.clock.now() / 1000;
  }

  private arn(kind: string, name: unknown): string {
    const { accountId, region } = this.surroundings.gateway.identity;
    return `arn:aws:sagemaker:${region}:${accountId}:${kind}/${String(name)}`;
  }
}

/** Those that answer callers, then the one that gets copies. */
export const variantsOf = ({
  ProductionVariants,
  ShadowProductionVariants = [],
}: Pick<z.output<typeof Config>, "ProductionVariants" | "ShadowProductionVariants">) => [
  ...ProductionVariants,
  ...ShadowProductionVariants,
];

/**
 * What SageMaker has no endpoint for: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html and
 * https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
 */
function mustBeServable(config: z.output<typeof Config>): void {
  const { ProductionVariants, ShadowProductionVariants = [], DataCaptureConfig } = config;
  const variants = variantsOf(config);
  if (new Set(variants.map(({ VariantName }) => VariantName)).size < variants.length) {
    throw invalid("ProductionVariants: expected a different VariantName for each");
  }
  if (ShadowProductionVariants.length > 0 && ProductionVariants.length > 1) {
    throw invalid("ProductionVariants: expected one beside a shadow variant");
  }
  for (const { VariantName, InstanceType, ServerlessConfig } of variants) {
    if ((InstanceType === undefined) === (ServerlessConfig === undefined)) {
      throw invalid(`ProductionVariants: ${VariantName}: expected either InstanceType or ServerlessConfig`);
    }
    if (ServerlessConfig === undefined) continue;
    if (variants.length > 1) throw invalid("A serverless endpoint has one variant.");
    if (DataCaptureConfig !== undefined) throw invalid("A serverless endpoint captures no data.");
  }
}

function keyOfModel({ ModelName: name, CreationTime: createdAt }: StoredModel) {
  return { name, createdAt };
}

function keyOfConfig({ EndpointConfigName: name, CreationTime: createdAt }: StoredConfig) {
  return { name, createdAt };
}
