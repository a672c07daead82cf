import { ApiError, type ApiCall } from "./gateway/interfaces.ts";
import type { RecordedResource } from "./program/resource.ts";

/** Instances of a type that an account may run behind endpoints, unless somebody says otherwise. */
const USUAL = 20;

/** Service Quotas, as far as endpoints need instances. */
export class ServiceQuotas {
  private readonly values: Map<string, number>;

  /** With the usual quota for each type of instance that serves in the program. */
  constructor(resources: readonly RecordedResource[]) {
    const types = resources
      .filter(({ type }) => type === "aws:sagemaker/endpointConfiguration:EndpointConfiguration")
      .flatMap(({ inputs }) => (inputs["productionVariants"] ?? []) as { instanceType?: string }[])
      .flatMap(({ instanceType }) => instanceType ?? []);
    this.values = new Map(types.map((type) => [`${type} for endpoint usage`, USUAL]));
  }

  /** Gives the account another quota. */
  put(name: string, value: number): void {
    this.values.set(name, value);
  }

  readonly handle = async ({ action, input }: ApiCall): Promise<unknown> => {
    if (action !== "ListServiceQuotas") {
      throw new ApiError("UnknownOperationException", `servicequotas:${action} is not emulated.`);
    }
    const ServiceCode = "sagemaker";
    if (input["ServiceCode"] !== ServiceCode) return { Quotas: [] };
    return {
      Quotas: [...this.values].map(([QuotaName, Value]) => ({
        ServiceCode,
        QuotaName,
        Value,
        Unit: "None",
        Adjustable: true,
      })),
    };
  };
}
