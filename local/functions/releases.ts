import { ApiError } from "../gateway/interfaces.ts";

/** Where an alias leads: to one version, and to others with a share of the calls each. */
export interface Alias {
  version: string;
  /** Share by version, which the first one has that much less of. */
  weights: Readonly<Record<string, number>>;
}

/** A name that may hold a qualifier, or an ARN that may. */
export function partsOf(nameOrArn: unknown): { name: string; qualifier?: string } {
  const text = String(nameOrArn);
  const [name = "", qualifier] = text.includes(":function:") ? text.split(":").slice(6) : text.split(":");
  return { name, ...(qualifier === undefined ? {} : { qualifier }) };
}

export const notFound = (nameOrArn: unknown): ApiError =>
  new ApiError("ResourceNotFoundException", `Function not found: ${String(nameOrArn)}`, 404);

/**
 * What a call counts under: the function, and where an alias led to a version, both of them.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
 */
export function dimensionsOf(
  FunctionName: string,
  ExecutedVersion: string,
  alias: string | undefined,
): Record<string, string>[] {
  if (alias === undefined) return [{ FunctionName }];
  const Resource = `${FunctionName}:${alias}`;
  return [{ FunctionName }, { FunctionName, Resource }, { FunctionName, Resource, ExecutedVersion }];
}

/** The numbers that functions were published under, and their aliases. */
export class Releases {
  private readonly numbers = new Map<string, number>();
  private readonly aliases = new Map<string, Alias>();

  /** The last number that a function was published under; 0 for none. */
  last(functionName: string): number {
    return this.numbers.get(functionName) ?? 0;
  }

  next(functionName: string): string {
    const number = this.last(functionName) + 1;
    this.numbers.set(functionName, number);
    return String(number);
  }

  put(functionName: string, name: string, alias: Alias): void {
    const weights = Object.entries(alias.weights);
    if (weights.length > 1 || weights.some(([, weight]) => !(weight >= 0 && weight <= 1))) {
      throw new ApiError(
        "InvalidParameterValueException",
        "RoutingConfig: expected one more version with a weight from 0 to 1.",
      );
    }
    this.aliases.set(`${functionName}:${name}`, alias);
  }

  get(functionName: string, name: string): Alias {
    const alias = this.aliases.get(`${functionName}:${name}`);
    if (alias === undefined) throw notFound(`${functionName}:${name}`);
    return alias;
  }

  /** The version that a call of an alias goes to. @param chance from 0 to 1. */
  choose(functionName: string, name: string, chance: number): string {
    const { version, weights } = this.get(functionName, name);
    const [other] = Object.entries(weights);
    return other !== undefined && chance < other[1] ? other[0] : version;
  }
}
