/** Header in which SageMaker carries opaque text to the container and back (API reference, InvokeEndpoint). */
export const CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes";
export const INFERENCE_ID = "x-amzn-sagemaker-inference-id";

/** Longest value that SageMaker passes on, in characters of ASCII. */
const MAX_LENGTH = 1024;
const VISIBLE_ASCII = /^[\x20-\x7e]*$/;
// Narrower than SageMaker's: the id goes into logs and beside other attributes, so it must be a name and nothing else.
const ID = /^[\w.:@/+=-]{1,64}$/;

/** The caller's inference id, where it sent one that can stand in a header and a log. */
export function inferenceIdOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" && ID.test(header) ? header : undefined;
}

/**
 * The answer's custom attributes: what the caller sent, then the model's version and the inference id. Where that is more
 * than SageMaker passes on, or no ASCII, the caller's part is left out and ours stays.
 */
export function customAttributes(
  sent: string | readonly string[] | undefined,
  answered: { version: number; artifact: string; inferenceId: string },
): string {
  const { version, artifact, inferenceId } = answered;
  const ours = `model-version=${version};artifact=${artifact};inference-id=${inferenceId}`;
  if (typeof sent !== "string" || sent === "" || !VISIBLE_ASCII.test(sent)) return ours;
  const both = `${sent};${ours}`;
  return both.length <= MAX_LENGTH ? both : ours;
}
