import type { IncomingHttpHeaders } from "node:http";

/** What is looked at: all that is known of a request before its body. */
export interface Inspected {
  address: string;
  method: string;
  /** Path with its query. */
  url: string;
  headers: IncomingHttpHeaders;
}

export interface Refused {
  rule: string;
  /** What the rule answers; null where API Gateway words it. */
  response: { status: number; body: string; headers: Record<string, string> } | null;
}

type Rule = (request: Inspected) => boolean;

/** What a web ACL's resource says, as far as it is read here. */
export interface AclInputs {
  name: string;
  rules: {
    name: string;
    priority: number;
    action?: {
      block?: {
        customResponse?: {
          responseCode: number;
          customResponseBodyKey?: string;
          responseHeaders?: { name: string; value: string }[];
        };
      };
    };
    statement: {
      rateBasedStatement?: { limit: number; aggregateKeyType: string; evaluationWindowSec?: number };
      regexMatchStatement?: { regexString: string; fieldToMatch: { singleHeader?: { name: string } } };
      managedRuleGroupStatement?: {
        name: string;
        ruleActionOverrides?: { name: string; actionToUse: { count?: object } }[];
      };
    };
  }[];
  customResponseBodies?: { key: string; content: string }[];
}

/**
 * Size rules of AWS's common rule set, bytes. Its other rules, and other groups, look for attacks by patterns that AWS keeps
 * to itself: they have no effect here.
 */
const COMMON_SIZES: Record<string, (request: Inspected) => boolean> = {
  SizeRestrictions_QUERYSTRING: ({ url }) => bytes(url.split("?", 2)[1] ?? "") > 2048,
  SizeRestrictions_URIPATH: ({ url }) => bytes(url.split("?", 1)[0] ?? "") > 1024,
  SizeRestrictions_Cookie_Header: ({ headers }) => bytes(headers.cookie ?? "") > 10_240,
};

const bytes = (text: string): number => Buffer.byteLength(text);

/** A web ACL: its rate limit and its rules about sizes. */
export class WebAcl {
  readonly name: string;
  /** Group of its log, and the headers that the log doesn't show. */
  log: { group: string; redacted: string[] } | null = null;
  private readonly rules: { name: string; refuses: Rule; response: Refused["response"] }[];

  /**
   * @param now milliseconds; the rate limit counts by it.
   * @throws for a kind of rule that isn't emulated.
   */
  constructor({ name, rules, customResponseBodies = [] }: AclInputs, now: () => number) {
    this.name = name;
    this.rules = rules
      .toSorted((one, other) => one.priority - other.priority)
      .map((rule) => {
        const custom = rule.action?.block?.customResponse;
        const content = customResponseBodies.find(
          ({ key }) => key === custom?.customResponseBodyKey,
        )?.content;
        return {
          name: rule.name,
          refuses: ruleOf(rule, now),
          response:
            custom === undefined
              ? null
              : {
                  status: custom.responseCode,
                  body: content ?? "",
                  headers: Object.fromEntries(
                    (custom.responseHeaders ?? []).map((header) => [header.name, header.value]),
                  ),
                },
        };
      });
  }

  /** The first rule that refuses the request; undefined where it may pass. */
  inspect(request: Inspected): Refused | undefined {
    const refusing = this.rules.find(({ refuses }) => refuses(request));
    return refusing && { rule: refusing.name, response: refusing.response };
  }
}

function ruleOf({ name, statement }: AclInputs["rules"][number], now: () => number): Rule {
  const {
    rateBasedStatement: rate,
    regexMatchStatement: regex,
    managedRuleGroupStatement: group,
  } = statement;
  if (rate !== undefined && rate.aggregateKeyType === "IP") {
    const counter = new RateCounter(rate.limit, (rate.evaluationWindowSec ?? 300) * 1000, now);
    return ({ address }) => counter.exceeds(address);
  }
  const header = regex?.fieldToMatch.singleHeader?.name;
  if (regex !== undefined && header !== undefined) {
    const pattern = new RegExp(regex.regexString);
    return ({ headers }) => pattern.test(String(headers[header.toLowerCase()] ?? ""));
  }
  if (group !== undefined) {
    const counted = new Set(
      (group.ruleActionOverrides ?? [])
        .filter(({ actionToUse }) => actionToUse.count)
        .map((rule) => rule.name),
    );
    const sizes = group.name === "AWSManagedRulesCommonRuleSet" ? Object.entries(COMMON_SIZES) : [];
    const active = sizes.filter(([rule]) => !counted.has(rule)).map(([, refuses]) => refuses);
    return (request) => active.some((refuses) => refuses(request));
  }
  throw new Error(`the rule ${name} of the web ACL is of a kind that is not emulated.`);
}

const SLOTS = 30;

/** Requests of each address over the last window, in slots of a thirtieth of it: WAF, too, looks at intervals. */
class RateCounter {
  private readonly limit: number;
  private readonly slotMs: number;
  private readonly now: () => number;
  private readonly counts = new Map<string, { slot: number; requests: number }[]>();

  constructor(limit: number, windowMs: number, now: () => number) {
    this.limit = limit;
    this.slotMs = windowMs / SLOTS;
    this.now = now;
  }

  /** Counts a request and says whether its address has asked too often. */
  exceeds(address: string): boolean {
    const slot = Math.floor(this.now() / this.slotMs);
    const recent = (this.counts.get(address) ?? []).filter((count) => count.slot > slot - SLOTS);
    const last = recent.at(-1);
    if (last?.slot === slot) last.requests += 1;
    else recent.push({ slot, requests: 1 });
    this.counts.set(address, recent);
    return recent.reduce((sum, { requests }) => sum + requests, 0) > this.limit;
  }
}
