import { ApiError } from "../gateway/interfaces.ts";
import { Records } from "../sagemaker/records.ts";

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

/** What a published version has of its own: the rest is the function's. */
export interface Release {
  environment: Record<string, string>;
  /** Folder with its code. */
  folder: string;
}

interface Released {
  /** The last number that it was published under. */
  last: number;
  /** By number. */
  versions: Record<string, Release>;
  aliases: Record<string, Alias>;
}

/** Published versions of functions and their aliases. They outlive the process where there is a folder for them. */
export class Releases {
  private readonly records: Records<Released> | null;
  private readonly byFunction = new Map<string, Released>();

  constructor(folder?: string) {
    this.records = folder === undefined ? null : new Records(folder);
  }

  /** The last number that a function was published under; 0 for none. */
  last(functionName: string): number {
    return this.of(functionName).last;
  }

  /** Versions that are there, by number, the oldest first. */
  versions(functionName: string): [number: string, Release][] {
    return Object.entries(this.of(functionName).versions);
  }

  /** Keeps a version under the next number. */
  publish(functionName: string, release: Release): string {
    const { last, versions, ...rest } = this.of(functionName);
    const number = String(last + 1);
    this.keep(functionName, { ...rest, last: last + 1, versions: { ...versions, [number]: release } });
    return number;
  }

  /** @throws {ApiError} where an alias leads to it. */
  drop(functionName: string, version: string): void {
    const { versions, aliases, last } = this.of(functionName);
    const [leading] = Object.entries(aliases).find(([, to]) => leadsTo(to, version)) ?? [];
    if (leading !== undefined) {
      const message = `Version ${version} of ${functionName} can't be deleted: the alias ${leading} leads to it.`;
      throw new ApiError("ResourceConflictException", message, 409);
    }
    const { [version]: _dropped, ...left } = versions;
    this.keep(functionName, { last, versions: left, aliases });
  }

  put(functionName: string, name: string, alias: Alias): void {
    const weights = Object.entries(alias.weights);
    if (weights.length > 1 || weights.some(([, weight]) => !(weight >= 0 && weight <= 1))) {
      throw new ApiError(
        "InvalidParameterValueException",
        "RoutingConfig: expected one more version with a weight from 0 to 1.",
      );
    }
    if (alias.version in alias.weights) {
      throw new ApiError(
        "InvalidParameterValueException",
        `RoutingConfig: version ${alias.version} is the one that the alias names; expected another one.`,
      );
    }
    const released = this.of(functionName);
    this.keep(functionName, { ...released, aliases: { ...released.aliases, [name]: alias } });
  }

  get(functionName: string, name: string): Alias {
    const alias = this.of(functionName).aliases[name];
    if (alias === undefined) throw notFound(`${functionName}:${name}`);
    return alias;
  }

  hasAlias(functionName: string, name: string): boolean {
    return name in this.of(functionName).aliases;
  }

  /** The version that a call of an alias goes to. @param chance from 0 to 1. */
  choose(functionName: string, name: string, chance: number): string {
    const { version, weights } = this.get(functionName, name);
    const [other] = Object.entries(weights);
    return other !== undefined && chance < other[1] ? other[0] : version;
  }

  private of(functionName: string): Released {
    const found = this.byFunction.get(functionName) ?? this.records?.get(functionName);
    return found ?? { last: 0, versions: {}, aliases: {} };
  }

  private keep(functionName: string, released: Released): void {
    this.byFunction.set(functionName, released);
    this.records?.put(functionName, released);
  }
}

const leadsTo = ({ version, weights }: Alias, wanted: string): boolean =>
  version === wanted || wanted in weights;
