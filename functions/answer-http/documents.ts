/** What the API says about itself, written when it was deployed. */
export interface Documents {
  /** The OpenAPI document; its one server is filled in by whoever is asked. */
  openApi: Record<string, unknown>;
  /** The same as HTML. */
  page: string;
  /** Content security policy that the page is sent with. */
  pagePolicy: string;
  /** JSON Schema of a record, by workload. */
  schemas: Record<string, unknown>;
}
