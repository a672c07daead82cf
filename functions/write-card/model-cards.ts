import {
  ConflictException,
  CreateModelCardCommand,
  DescribeModelCardCommand,
  ResourceNotFound,
  type SageMakerClient,
  UpdateModelCardCommand,
} from "@aws-sdk/client-sagemaker";
import { parse } from "@perennial/contracts";
import { SageMakerContent } from "./sagemaker-content.ts";

/** `left alone`: a person has archived the card, after which SageMaker takes no change. */
export type CardChange = "created" | "updated" | "unchanged" | "left alone";

/**
 * SageMaker's model cards: one for each workload. Every change of its content is a version of its own, which SageMaker
 * keeps, so that the card's history is that of the models that could go into service.
 */
export class ModelCards {
  private readonly sageMaker: Pick<SageMakerClient, "send">;
  private readonly prefix: string;

  /** @param prefix what names of cards begin with, such as `perennial-dev-`. */
  constructor(sageMaker: Pick<SageMakerClient, "send">, prefix: string) {
    this.sageMaker = sageMaker;
    this.prefix = prefix;
  }

  /**
   * Makes `content` the workload's card. Twice the same content makes one version.
   *
   * @throws {InvalidInput} if the content isn't of SageMaker's schema.
   */
  async put(workload: string, content: SageMakerContent): Promise<CardChange> {
    const ModelCardName = `${this.prefix}${workload}`;
    const Content = JSON.stringify(parse(SageMakerContent, content, `model card ${ModelCardName}`));
    const found = await this.find(ModelCardName);
    if (found === null) {
      try {
        const create = { ModelCardName, Content, ModelCardStatus: "PendingReview" as const };
        await this.sageMaker.send(new CreateModelCardCommand(create));
        return "created";
      } catch (error) {
        // A retry whose first attempt got through.
        if (!(error instanceof ConflictException)) throw error;
      }
    }
    const current = found ?? (await this.find(ModelCardName));
    if (current?.Content === Content) return "unchanged";
    if (current?.ModelCardStatus === "Archived") return "left alone";
    await this.sageMaker.send(new UpdateModelCardCommand({ ModelCardName, Content }));
    return "updated";
  }

  private async find(ModelCardName: string) {
    try {
      return await this.sageMaker.send(new DescribeModelCardCommand({ ModelCardName }));
    } catch (error) {
      if (error instanceof ResourceNotFound) return null;
      throw error;
    }
  }
}
