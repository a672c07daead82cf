import type { WorkloadSpec } from "@perennial/contracts";

/** What a route does. */
export type Operation = "predict" | "schema" | "health" | "document" | "page";

/** One method of one path of the HTTP API. */
export interface Route {
  method: "GET" | "POST";
  /** From the API's own root: `/v1/churn/predict`. */
  path: string;
  operation: Operation;
  /** Workload that it is about; null for what all share. */
  workload: string | null;
}

/** Every route that the API has, in order of their paths: a workload's own are named, none is a pattern. */
export function routesOf(specs: readonly Pick<WorkloadSpec, "name">[]): Route[] {
  return [
    { method: "GET", path: "/docs", operation: "page", workload: null } as const,
    { method: "GET", path: "/healthz", operation: "health", workload: null } as const,
    { method: "GET", path: "/openapi.json", operation: "document", workload: null } as const,
    ...specs.flatMap(({ name: workload }): Route[] => [
      { method: "POST", path: `/v1/${workload}/predict`, operation: "predict", workload },
      { method: "GET", path: `/v1/${workload}/schema`, operation: "schema", workload },
    ]),
  ];
}
