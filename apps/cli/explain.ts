import { InvalidInput } from "@perennial/contracts";
import { CliFault, EXIT } from "./exit.ts";

/** Names under which the SDK and the services say that the caller isn't known, and why. */
const CREDENTIALS: Record<string, string> = {
  CredentialsProviderError: "No AWS credentials were found",
  ExpiredToken: "The AWS credentials have expired",
  ExpiredTokenException: "The AWS credentials have expired",
  InvalidClientTokenId: "AWS doesn't know these credentials",
  UnrecognizedClientException: "AWS doesn't know these credentials",
  InvalidSignatureException: "AWS refuses the signature: the secret key is wrong, or the machine's clock is",
  SignatureDoesNotMatch: "AWS refuses the signature: the secret key is wrong, or the machine's clock is",
};

const DENIED = new Set(["AccessDenied", "AccessDeniedException", "AuthorizationError"]);
const NETWORK = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "TimeoutError",
]);

/** Says an error of the SDK in a sentence that names what to do. Whatever isn't known here stays as it is. */
export function explain(error: unknown, stack: string, url: string | null): unknown {
  if (!(error instanceof Error) || error instanceof CliFault) return error;
  const { name, message } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : name;
  const unreachable = (sentence: string) => new CliFault(EXIT.unreachable, sentence, { cause: error });
  if (NETWORK.has(code) || NETWORK.has(name)) {
    return unreachable(
      url === null
        ? `AWS can't be reached (${message === "" ? code : message}): look at the network and at the region.`
        : `Nothing answers at ${url}, where the local cloud last ran. Start it with make start.`,
    );
  }
  const missing = CREDENTIALS[name];
  if (missing !== undefined) {
    return unreachable(
      `${missing}: the stack ${stack} lies in AWS. Sign in (aws sso login, or set AWS_PROFILE) and try again.`,
    );
  }
  if (message.startsWith("Region is missing")) {
    return unreachable(
      `No AWS region is set: set AWS_REGION, or a region in the profile, to where the stack ${stack} lies.`,
    );
  }
  if (DENIED.has(name)) return unreachable(`The stack ${stack} refuses the call: ${message}`);
  if (error instanceof InvalidInput) return new CliFault(EXIT.failed, message, { cause: error });
  // Every error that a service answers with carries this.
  if ("$metadata" in error) {
    return new CliFault(EXIT.failed, `The stack ${stack} answered ${name}: ${message}`, { cause: error });
  }
  return error;
}
