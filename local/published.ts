import { Platform, platformParameter } from "@perennial/contracts";
import type { LocalCloud } from "./cloud.ts";

/** What a stack that runs here publishes of itself, as the command line reads it. */
export async function readPlatform(cloud: Pick<LocalCloud, "call">, stack: string): Promise<Platform> {
  const { Parameter } = await cloud.call("ssm", "GetParameter", { Name: platformParameter(stack) });
  return Platform.parse(JSON.parse((Parameter as { Value: string }).Value));
}
