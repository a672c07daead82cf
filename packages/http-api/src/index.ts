export * from "./openapi.ts";
export * from "./page.ts";
export * from "./problems.ts";
export * from "./record-schema.ts";
export * from "./request-model.ts";
export * from "./routes.ts";
