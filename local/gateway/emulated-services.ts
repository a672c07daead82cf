import type { Identity } from "../identity/identity.ts";
import type { Journal, WireAnswer, WireRequest } from "../journal/journal.ts";
import type { MotoClient } from "./moto-client.ts";
import type { ReadRequest } from "./request.ts";
import { records, text } from "./requirements/question.ts";

/** Operations that change what must outlive a restart. A queue's and a topic's contents need not. */
const CHANGES: Record<string, RegExp> = {
  s3: /^(Create|Put|Delete|Copy|Complete)/,
  dynamodb: /^(Create|Put|Delete|Update|BatchWrite|TransactWrite|Tag|Untag)/,
  ssm: /^(Put|Delete|AddTags|RemoveTags|Label)/,
  secretsmanager: /^(Create|Put|Update|Delete|Restore|Tag|Untag)/,
};

/** Hands requests to the emulator and keeps a journal of those that changed something. */
export class EmulatedServices {
  private readonly moto: MotoClient;
  private readonly journal: Journal;
  private readonly identity: Identity;
  /** The last change of each place: the journal must hold changes in the order in which they happened. */
  private readonly lastChange = new Map<string, Promise<unknown>>();

  constructor(moto: MotoClient, journal: Journal, identity: Identity) {
    this.moto = moto;
    this.journal = journal;
    this.identity = identity;
  }

  /** Brings a new emulator to the state that the journal holds. */
  async restore(): Promise<void> {
    await this.journal.replay((request) => {
      if (request.headers["x-amz-target"]?.endsWith(".CreateTable") === true) {
        this.learnTable(JSON.parse(request.body.toString("utf8")) as Record<string, unknown>);
      }
      return this.moto.send(request);
    });
  }

  async send(
    request: WireRequest,
    { service, action, input }: Omit<ReadRequest, "accessKeyId">,
  ): Promise<WireAnswer> {
    // An upload in parts is journaled as the object that it becomes: the next emulator would not know its id.
    const isPart = service === "s3" && action === "CreateMultipartUpload";
    if (isPart || CHANGES[service]?.test(action) !== true) return this.moto.send(request);
    const place = service === "s3" ? `s3/${text(input, "Bucket")}/${text(input, "Key") ?? ""}` : service;
    return this.inOrder(place, async () => {
      const answer = await this.moto.send(request);
      if (answer.status < 300) {
        if (action === "CreateTable") this.learnTable(input);
        // A copy, too, names something that the next emulator wouldn't know: the version that was copied.
        const isMade = action === "CompleteMultipartUpload" || action === "CopyObject";
        this.journal.append(isMade ? await this.wholeObject(request) : request);
      }
      return answer;
    });
  }

  /** Policies may ask for the partition key's values, which only the table's definition tells from other attributes. */
  private learnTable(input: Record<string, unknown>): void {
    const partition = records(input["KeySchema"]).find((key) => text(key, "KeyType") === "HASH");
    const [table, attribute] = [text(input, "TableName"), text(partition, "AttributeName")];
    if (table !== undefined && attribute !== undefined) this.identity.putPartitionKey(table, attribute);
  }

  private async inOrder<Value>(place: string, change: () => Promise<Value>): Promise<Value> {
    const before = this.lastChange.get(place) ?? Promise.resolve();
    const current = before.then(change, change);
    const settled = current.then(
      () => undefined,
      () => undefined,
    );
    this.lastChange.set(place, settled);
    try {
      return await current;
    } finally {
      if (this.lastChange.get(place) === settled) this.lastChange.delete(place);
    }
  }

  private async wholeObject({ path, headers }: WireRequest): Promise<WireRequest> {
    const { pathname } = new URL(path, "http://s3");
    const { host = "", authorization = "" } = headers;
    const read = { method: "GET", path: pathname, headers: { host, authorization }, body: Buffer.alloc(0) };
    const { headers: answered, body } = await this.moto.send(read);
    const kept = Object.entries(answered).filter(
      ([name]) => name === "content-type" || name.startsWith("x-amz-meta-"),
    );
    return {
      method: "PUT",
      path: pathname,
      headers: { host, authorization, ...Object.fromEntries(kept) },
      body,
    };
  }
}
