import { type AttributeValue, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { named } from "./ledger-table.ts";

type Item = Record<string, AttributeValue>;

/** The online table in memory, which knows the one condition that states are written under. */
export class OnlineItems {
  readonly items: Item[] = [];

  // Generic like the SDK's own `send`: the answer's type is known by the command.
  readonly send = (async (command: unknown): Promise<unknown> => {
    await Promise.resolve(); // As over a network, others may run before the answer.
    if (!(command instanceof PutItemCommand)) throw new Error("OnlineItems only takes PutItem.");
    const { Item: item = {}, ConditionExpression, ExpressionAttributeValues: values } = command.input;
    if (ConditionExpression !== "attribute_not_exists(#sk) OR #validFrom <= :validFrom") {
      throw new Error(`OnlineItems doesn't know the condition ${ConditionExpression}.`);
    }
    const place = this.items.findIndex(({ pk, sk }) => pk?.S === item["pk"]?.S && sk?.S === item["sk"]?.S);
    const before = this.items[place]?.["validFrom"];
    if (before !== undefined && !isUpTo(before, values?.[":validFrom"])) {
      throw named("ConditionalCheckFailedException", "The conditional request failed");
    }
    if (place < 0) this.items.push(item);
    else this.items[place] = item;
    return {};
  }) as never;
}

/** Values of two types are never in an order, as in DynamoDB. */
function isUpTo(a: AttributeValue, b: AttributeValue | undefined): boolean {
  if (a.S !== undefined && b?.S !== undefined) return a.S <= b.S;
  if (a.N !== undefined && b?.N !== undefined) return Number(a.N) <= Number(b.N);
  return false;
}
