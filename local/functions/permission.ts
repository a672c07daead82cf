import { ApiError } from "../gateway/interfaces.ts";

/** A line of a function's policy: who may call it, and for what. */
export interface Permission {
  principal: string;
  /** ARN, with `*` and `?`. */
  sourceArn: string | null;
}

/** @throws {ApiError} AccessDenied where no permission lets `principal` call the function for `sourceArn`. */
export function mustPermit(
  functionName: string,
  permissions: readonly Permission[],
  principal: string,
  sourceArn: string,
): void {
  const isPermitted = permissions.some(
    (permission) =>
      permission.principal === principal &&
      (permission.sourceArn === null || likeArn(permission.sourceArn).test(sourceArn)),
  );
  if (isPermitted) return;
  throw new ApiError(
    "AccessDeniedException",
    `${principal} is not permitted to invoke ${functionName} for ${sourceArn}: no aws.lambda.Permission says so.`,
    403,
  );
}

function likeArn(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}
