import { Ajv, type ValidateFunction } from "ajv";
import type { WebAcl } from "./firewall.ts";

export interface ApiMethod {
  httpMethod: string;
  authorization: "NONE" | "CUSTOM" | "AWS_IAM";
  authorizerId: string | null;
  isKeyRequired: boolean;
  validatorId: string | null;
  /** Name of the model by content type. */
  models: Record<string, string>;
}

export interface Authorizer {
  functionArn: string;
  identityHeader: string;
  keepSeconds: number;
}

export interface GatewayResponse {
  status: number;
  /** Body, in which what begins with `$context` is filled in. */
  template: string;
  headers: Record<string, string>;
}

export interface Throttle {
  perSecond: number;
  burst: number;
}

export interface Stage {
  name: string;
  arn: string;
  /** Log group and form of its access log. */
  log: { group: string; format: string } | null;
}

/** A resource with one of its methods, as a request finds them. */
export interface Found {
  /** Path of the resource: `/v1/churn/predict`. */
  resource: string;
  method: ApiMethod;
  functionArn: string;
}

/** A REST API as the program describes it, part by part. */
export class RestApi {
  readonly id: string;
  readonly name: string;
  readonly executionArn: string;
  readonly authorizers = new Map<string, Authorizer>();
  readonly responses = new Map<string, GatewayResponse>();
  stage: Stage | null = null;
  throttle: Throttle | null = null;
  webAcl: WebAcl | null = null;
  private readonly paths = new Map<string, string>();
  private readonly methods = new Map<string, ApiMethod>();
  private readonly integrations = new Map<string, string>();
  private readonly validatingBody = new Set<string>();
  private readonly models = new Map<string, ValidateFunction>();

  constructor({
    id,
    name,
    executionArn,
    rootId,
  }: {
    id: string;
    name: string;
    executionArn: string;
    rootId: string;
  }) {
    this.id = id;
    this.name = name;
    this.executionArn = executionArn;
    this.paths.set(rootId, "");
  }

  addResource(id: string, parentId: string, pathPart: string): void {
    const parent = this.paths.get(parentId);
    if (parent === undefined) throw new Error(`parentId is ${parentId}; expected a resource of the API.`);
    if (pathPart.includes("{")) throw new Error(`pathPart is ${pathPart}; path parameters are not emulated.`);
    this.paths.set(id, `${parent}/${pathPart}`);
  }

  addMethod(resourceId: string, method: ApiMethod): void {
    this.methods.set(`${method.httpMethod} ${this.pathOf(resourceId)}`, method);
  }

  addIntegration(resourceId: string, httpMethod: string, functionArn: string): void {
    this.integrations.set(`${httpMethod} ${this.pathOf(resourceId)}`, functionArn);
  }

  addValidator(id: string, validatesBody: boolean): void {
    if (validatesBody) this.validatingBody.add(id);
  }

  /** @param schema JSON Schema of draft 4, less what only API Gateway knows; what is used here means the same to Ajv. */
  addModel(name: string, schema: Record<string, unknown>): void {
    const { $schema: _, ...keywords } = schema;
    this.models.set(name, new Ajv({ strict: false, allowUnionTypes: true }).compile(keywords));
  }

  /** What answers a request; a method of its own goes before ANY. Undefined where nothing does. */
  find(httpMethod: string, path: string): Found | undefined {
    const method = this.methods.get(`${httpMethod} ${path}`) ?? this.methods.get(`ANY ${path}`);
    const functionArn = method && this.integrations.get(`${method.httpMethod} ${path}`);
    return method === undefined || functionArn === undefined
      ? undefined
      : { resource: path, method, functionArn };
  }

  /** Whether a body fits the model of its content type; without a validator or a model for it every one does. */
  accepts({ validatorId, models }: ApiMethod, contentType: string, body: Buffer): boolean {
    if (validatorId === null || !this.validatingBody.has(validatorId)) return true;
    const validate = this.models.get(models[contentType] ?? "");
    if (validate === undefined) return true;
    try {
      return validate(JSON.parse(body.toString("utf8")));
    } catch {
      return false;
    }
  }

  private pathOf(resourceId: string): string {
    const path = this.paths.get(resourceId);
    if (path === undefined) throw new Error(`resourceId is ${resourceId}; expected a resource of the API.`);
    return path;
  }
}
