import * as fc from "fast-check";
import { expect, it } from "vitest";
import { moreThan } from "../../../infra/components/firewall/more-than.ts";
import { WebFirewall } from "../../../infra/components/firewall/web-firewall.ts";
import { deploy } from "../../support/deploy.ts";

const ARGS = {
  aclName: "acl",
  resourceArn: "arn:aws:apigateway:eu-central-1::/restapis/api/stages/live",
  rateLimit: 2000,
  maxBodyKiB: 1024,
  logGroupName: "aws-waf-logs-test",
  logRetentionDays: 14,
  keyArn: "key",
} as const;

it("writes of any number a pattern that matches the numbers above it, and no other text", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (most, given) => {
      const pattern = new RegExp(moreThan(most));
      expect([pattern.test(String(given)), pattern.test(`000${given}`)]).toEqual([
        given > most,
        given > most,
      ]);
      expect([pattern.test(String(most)), pattern.test(String(most + 1))]).toEqual([false, true]);
    }),
  );
  expect(["", "x", "-5", "1e9", "12 ", " 12"].filter((text) => new RegExp(moreThan(1)).test(text))).toEqual(
    [],
  );
});

it("writes a pattern within the 512 characters that WAF takes", () => {
  for (const most of [0, 9, 1024 * 1024, 3 * 1024 * 1024, 888_888_888_888]) {
    expect(moreThan(most).length).toBeLessThanOrEqual(512);
  }
});

it("counts what AWS's size rule would block, and blocks by a size and a rate of its own", async () => {
  const resources = await deploy(() => new WebFirewall("firewall", ARGS));
  const [acl] = resources.filter(({ type }) => type === "aws:wafv2/webAcl:WebAcl");
  const [rate, size, common] = acl!.inputs["rules"];
  expect(rate).toMatchObject({
    priority: 0,
    statement: { rateBasedStatement: { limit: 2000, aggregateKeyType: "IP", evaluationWindowSec: 300 } },
    action: { block: { customResponse: { responseCode: 429, customResponseBodyKey: "too-many-requests" } } },
  });
  expect(size).toMatchObject({
    priority: 1,
    statement: { regexMatchStatement: { fieldToMatch: { singleHeader: { name: "content-length" } } } },
    action: { block: { customResponse: { responseCode: 413, customResponseBodyKey: "body-too-large" } } },
  });
  const pattern = new RegExp(size.statement.regexMatchStatement.regexString);
  expect([pattern.test("1048576"), pattern.test("1048577")]).toEqual([false, true]);
  expect(common.statement.managedRuleGroupStatement.ruleActionOverrides).toEqual([
    { name: "SizeRestrictions_BODY", actionToUse: { count: {} } },
  ]);
});

it.each([9, 2_000_000_001, 10.5])("refuses a rate limit of %d", async (rateLimit) => {
  await expect(deploy(() => new WebFirewall("firewall", { ...ARGS, rateLimit }))).rejects.toThrow(
    `WebFirewall "firewall": rateLimit is ${rateLimit}, expected a whole number from 10 to 2000000000`,
  );
});
