import {
  CreateModelPackageCommand,
  type CreateModelPackageCommandInput,
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";

interface ModelPackage extends CreateModelPackageCommandInput {
  ModelPackageArn: string;
  ModelPackageVersion: number;
  ApprovalDescription?: string | undefined;
}

/** SageMaker's model package groups in memory: a client token that came before creates nothing anew. */
export class ModelPackageGroups {
  readonly packages: ModelPackage[] = [];
  /** Every command sent, in order, with its input. */
  readonly commands: [name: string, input: object][] = [];
  /** Called after each command; what it throws is what the caller gets, although the call took effect. */
  after: (name: string) => void = () => {};

  // Generic like the SDK's own `send`: the answer's type is known by the command.
  readonly send = (async (command: { input: object }): Promise<unknown> => {
    const name = command.constructor.name.replace("Command", "");
    this.commands.push([name, command.input]);
    await Promise.resolve(); // As over a network, others may run before the answer.
    const answer = this.answer(command);
    this.after(name);
    return answer;
  }) as never;

  private answer(command: object): unknown {
    if (command instanceof CreateModelPackageCommand) return this.create(command.input);
    if (command instanceof DescribeModelPackageCommand)
      return { ...this.get(command.input.ModelPackageName) };
    if (command instanceof ListModelPackagesCommand) {
      const { ModelPackageGroupName: group, SortOrder, MaxResults } = command.input;
      const members = this.packages.filter((member) => member.ModelPackageGroupName === group);
      const ordered = SortOrder === "Ascending" ? members : members.toReversed();
      return { ModelPackageSummaryList: ordered.slice(0, MaxResults) };
    }
    if (command instanceof UpdateModelPackageCommand) {
      const { ModelPackageArn, ModelApprovalStatus, ApprovalDescription } = command.input;
      Object.assign(this.get(ModelPackageArn), { ModelApprovalStatus, ApprovalDescription });
      return { ModelPackageArn };
    }
    throw new Error(
      "ModelPackageGroups has no answer for this command; add it to test/support/model-packages.ts.",
    );
  }

  private create(input: CreateModelPackageCommandInput): object {
    const known = this.packages.find(({ ClientToken }) => ClientToken === input.ClientToken);
    if (known !== undefined) return { ModelPackageArn: known.ModelPackageArn };
    const members = this.packages.filter(
      ({ ModelPackageGroupName: group }) => group === input.ModelPackageGroupName,
    );
    const ModelPackageVersion = members.length + 1;
    const ModelPackageArn = `arn:aws:sagemaker:eu-central-1:123456789012:model-package/${input.ModelPackageGroupName}/${ModelPackageVersion}`;
    this.packages.push({ ...input, ModelPackageArn, ModelPackageVersion });
    return { ModelPackageArn };
  }

  private get(arn: string | undefined): ModelPackage {
    const found = this.packages.find(({ ModelPackageArn }) => ModelPackageArn === arn);
    if (found === undefined) throw new Error(`No model package ${arn} was created.`);
    return found;
  }
}
