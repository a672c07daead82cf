import { type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { itemOf, type StateItem } from "@perennial/online";
import type { EntityStates } from "./entity-files.ts";

/** Writes under way at once. */
const AT_ONCE = 25;

/** Writes the entities' latest states where endpoints look them up. */
export class OnlineStates {
  private readonly client: Pick<DynamoDBClient, "send">;
  private readonly table: string;

  constructor(client: Pick<DynamoDBClient, "send">, table: string) {
    this.client = client;
    this.table = table;
  }

  /**
   * Puts states in place of older ones. A later state that is there already stays: older data may be trained from again.
   *
   * @returns how many were written.
   */
  async put(workload: string, execution: string, entities: EntityStates[]): Promise<number> {
    const items = entities.flatMap(({ entity, states }) =>
      states.map((state) => itemOf(workload, entity, state, execution)),
    );
    let written = 0;
    for (let from = 0; from < items.length; from += AT_ONCE) {
      const batch = items.slice(from, from + AT_ONCE);
      written += (await Promise.all(batch.map((item) => this.putItem(item)))).filter(Boolean).length;
    }
    return written;
  }

  private async putItem(item: StateItem): Promise<boolean> {
    try {
      await this.client.send(
        new PutItemCommand({
          TableName: this.table,
          Item: item,
          ConditionExpression: "attribute_not_exists(#sk) OR #validFrom <= :validFrom",
          ExpressionAttributeNames: { "#sk": "sk", "#validFrom": "validFrom" },
          ExpressionAttributeValues: { ":validFrom": item.validFrom },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === "ConditionalCheckFailedException") return false;
      throw error;
    }
  }
}
