import { join } from "node:path";
import { z } from "zod";
import { ApiError } from "../gateway/interfaces.ts";
import { Records } from "./records.ts";
import { page, readInput, ResourceName, Tags } from "./requests.ts";
import type { Operations, Surroundings } from "./surroundings.ts";

const Status = z.enum(["Draft", "PendingReview", "Approved", "Archived"]);
/** The document's own schema is SageMaker's to check; here it has to be JSON within its limit. */
const Content = z
  .string()
  .max(100_000)
  .refine((text) => isObject(text), "expected the card as a JSON object");

const CreateRequest = z.looseObject({
  ModelCardName: ResourceName,
  Content,
  ModelCardStatus: Status,
  Tags: Tags.optional(),
});
const UpdateRequest = z.looseObject({
  ModelCardName: z.string(),
  Content: Content.optional(),
  ModelCardStatus: Status.optional(),
});
const DescribeRequest = z.looseObject({
  ModelCardName: z.string(),
  ModelCardVersion: z.int().min(1).optional(),
});

/** One version of a card. */
interface Version {
  Content: string;
  ModelCardStatus: z.output<typeof Status>;
  /** Seconds since 1970. */
  at: number;
}

interface StoredCard {
  name: string;
  arn: string;
  versions: Version[];
}

/** Model cards with all their versions: each change of a card's content is a new one. */
export class ModelCards {
  private readonly cards: Records<StoredCard>;
  private readonly surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
    this.cards = new Records(join(surroundings.stateFolder, "registry", "model-cards"));
  }

  operations(): Operations {
    return {
      CreateModelCard: async (input) => this.create(input),
      UpdateModelCard: async (input) => this.update(input),
      DescribeModelCard: async (input) => this.describe(input),
      ListModelCards: async (input) => {
        const { items, ...rest } = page(this.cards.all(), keyOf, input, "Descending");
        return { ModelCardSummaries: items.map(summarised), ...rest };
      },
    };
  }

  private create(input: Record<string, unknown>): { ModelCardArn: string } {
    const { ModelCardName: name, Content, ModelCardStatus } = readInput(CreateRequest, input);
    if (this.cards.get(name) !== undefined) {
      throw new ApiError("ConflictException", `Model card ${name} already exists; update it instead.`);
    }
    const { accountId, region } = this.surroundings.gateway.identity;
    const arn = `arn:aws:sagemaker:${region}:${accountId}:model-card/${name}`;
    this.cards.put(name, { name, arn, versions: [{ Content, ModelCardStatus, at: this.now() }] });
    return { ModelCardArn: arn };
  }

  private update(input: Record<string, unknown>): { ModelCardArn: string } {
    const { ModelCardName, Content, ModelCardStatus } = readInput(UpdateRequest, input);
    const card = this.named(ModelCardName);
    const latest = card.versions.at(-1);
    const next: Version = {
      Content: Content ?? latest?.Content ?? "",
      ModelCardStatus: ModelCardStatus ?? latest?.ModelCardStatus ?? "Draft",
      at: this.now(),
    };
    const kept = Content === undefined ? card.versions.slice(0, -1) : card.versions;
    this.cards.put(card.name, { ...card, versions: [...kept, next] });
    return { ModelCardArn: card.arn };
  }

  private describe(input: Record<string, unknown>): Record<string, unknown> {
    const { ModelCardName, ModelCardVersion } = readInput(DescribeRequest, input);
    const { name, arn, versions } = this.named(ModelCardName);
    const number = ModelCardVersion ?? versions.length;
    const version = versions[number - 1];
    if (version === undefined) throw missing(`Version ${number} of the model card ${name}`);
    const { Content, ModelCardStatus } = version;
    return {
      ModelCardArn: arn,
      ModelCardName: name,
      ModelCardVersion: number,
      Content,
      ModelCardStatus,
      CreationTime: versions[0]?.at,
      LastModifiedTime: version.at,
      CreatedBy: {},
    };
  }

  private named(name: string): StoredCard {
    const card = this.cards.get(name.split("/").at(-1) ?? name);
    if (card === undefined) throw missing(`Model card ${name}`);
    return card;
  }

  private now(): number {
    return this.surroundings.clock.now() / 1000;
  }
}

const missing = (what: string): ApiError => new ApiError("ResourceNotFound", `${what} does not exist.`);

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const keyOf = ({ name, versions }: StoredCard) => ({
  name,
  status: versions.at(-1)?.ModelCardStatus ?? "Draft",
  createdAt: versions[0]?.at ?? 0,
});

function summarised({ name, arn, versions }: StoredCard): Record<string, unknown> {
  return {
    ModelCardName: name,
    ModelCardArn: arn,
    ModelCardStatus: versions.at(-1)?.ModelCardStatus,
    CreationTime: versions[0]?.at,
    LastModifiedTime: versions.at(-1)?.at,
  };
}
