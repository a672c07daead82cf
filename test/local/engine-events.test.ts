import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../local/clock.ts";
import { ApiError } from "../../local/gateway/interfaces.ts";
import { Bus, type Target } from "../../local/events/bus.ts";
import { checkPattern, matches } from "../../local/events/pattern.ts";
import { parseSchedule } from "../../local/events/schedule.ts";
import { eventsService } from "../../local/events/service.ts";
import { inputFor } from "../../local/events/transformer.ts";

const person = { accessKeyId: "test", principalArn: "arn:aws:iam::1:user/person", role: null };

describe("event pattern", () => {
  const event = {
    source: "aws.cloudwatch",
    resources: ["arn:a", "arn:b"],
    detail: { state: { value: "ALARM" }, score: 0.3, note: null, name: "perennial-dev-w-drift", flags: [] },
  };
  it.each([
    [{ source: ["aws.cloudwatch"] }, true],
    [{ source: ["aws.sagemaker"] }, false],
    [{ source: ["x", "aws.cloudwatch"], detail: { state: { value: ["ALARM"] } } }, true],
    [{ detail: { state: { value: ["OK"] } } }, false],
    [{ resources: ["arn:b"] }, true],
    [{ resources: ["arn:c"] }, false],
    [{ detail: { name: [{ prefix: "perennial-dev-" }] } }, true],
    [{ detail: { name: [{ prefix: "perennial-prod-" }] } }, false],
    [{ detail: { name: [{ suffix: "-drift" }] } }, true],
    [{ detail: { name: [{ wildcard: "perennial-*-drift" }] } }, true],
    [{ detail: { name: [{ wildcard: "perennial-*-errors" }] } }, false],
    [{ detail: { name: [{ "equals-ignore-case": "PERENNIAL-dev-w-drift" }] } }, true],
    [{ detail: { score: [{ numeric: [">", 0, "<=", 0.3] }] } }, true],
    [{ detail: { score: [{ numeric: ["<", 0.3] }] } }, false],
    [{ detail: { score: [0.3] } }, true],
    [{ detail: { score: ["0.3"] } }, false],
    [{ detail: { note: [null] } }, true],
    [{ detail: { absent: [null] } }, false],
    [{ detail: { state: { value: [{ "anything-but": "OK" }] } } }, true],
    [{ detail: { state: { value: [{ "anything-but": ["OK", "ALARM"] }] } } }, false],
    [{ detail: { name: [{ "anything-but": { prefix: "perennial-" } }] } }, false],
    [{ detail: { absent: [{ "anything-but": "OK" }] } }, false],
    [{ detail: { absent: [{ exists: false }] } }, true],
    [{ detail: { absent: [{ exists: true }] } }, false],
    [{ detail: { name: [{ exists: true }] } }, true],
    [{ detail: { absent: { deeper: [{ exists: false }] } } }, true],
    [{ $or: [{ source: ["x"] }, { resources: ["arn:a"] }] }, true],
    [{ $or: [{ source: ["x"] }, { resources: ["arn:z"] }] }, false],
  ])("%j matches: %s", (pattern, expected) => {
    checkPattern(pattern);
    expect(matches(pattern, event)).toBe(expected);
  });

  it.each([
    [{}, "event pattern is {}; expected an object with at least one field."],
    [{ source: [] }, "event pattern.source is []; expected at least one alternative."],
    [{ source: "x" }, 'event pattern.source is "x"; expected an object with at least one field.'],
    [
      { detail: { a: [{ cidr: "10.0.0.0/8" }] } },
      'event pattern.detail.a holds {"cidr":"10.0.0.0/8"}; expected one of prefix, suffix, equals-ignore-case, wildcard, exists, anything-but, numeric.',
    ],
  ])("%j is refused", (pattern, message) => {
    expect(() => checkPattern(pattern)).toThrow(message);
  });

  it("made of an event's own values matches that event", () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), leaf, { minKeys: 1 }), (detail) => {
        const fields = Object.entries(detail).filter(([name]) => name !== "$or" && name !== "__proto__");
        const pattern = Object.fromEntries(fields.map(([name, value]) => [name, [value]]));
        expect(matches(pattern, Object.fromEntries(fields))).toBe(true);
      }),
    );
  });
});

describe("input transformer", () => {
  const rule = { name: "r", arn: "arn:aws:events:r" };
  const event = {
    id: "e",
    time: "t",
    detail: { workload: "w", version: 3, reason: 'PSI of "age"', list: [{ a: 1 }] },
  };
  const inputPaths = {
    w: "$.detail.workload",
    v: "$.detail.version",
    reason: "$.detail.reason",
    detail: "$.detail",
    a: "$.detail.list[0].a",
  };
  it.each([
    ['{"kind":"manual","workload":<w>,"version":<v>}', '{"kind":"manual","workload":"w","version":3}'],
    ['{"workload":"<w>","text":"version <v> of <w>"}', '{"workload":"w","text":"version 3 of w"}'],
    ['{"reason":<reason>}', '{"reason":"PSI of \\"age\\""}'],
    ['{"detail":<detail>,"a":<a>}', `{"detail":${JSON.stringify(event.detail)},"a":1}`],
    [
      '{"rule":<aws.events.rule-name>,"event":<aws.events.event.json>}',
      `{"rule":"r","event":${JSON.stringify(event)}}`,
    ],
    ["<w> has version <v>", '"w has version 3"'],
  ])("%s gives %s", (inputTemplate, expected) => {
    expect(inputFor(event, { inputTransformer: { inputPaths, inputTemplate } }, rule)).toBe(expected);
  });

  it.each([
    ['{"x":<absent>}', 'rule r: the event has no value for <absent> of the input template {"x":<absent>}'],
    ['{"x":"<reason>"}', 'rule r: the input template gives {"x":"PSI of "age""}, which is not JSON'],
  ])("%s fails", (inputTemplate, message) => {
    expect(() => inputFor(event, { inputTransformer: { inputPaths, inputTemplate } }, rule)).toThrow(message);
  });

  it("gives constant input, a part of the event, or the event itself", () => {
    expect(inputFor(event, { input: "{}" }, rule)).toBe("{}");
    expect(inputFor(event, { inputPath: "$.detail.version" }, rule)).toBe("3");
    expect(inputFor(event, {}, rule)).toBe(JSON.stringify(event));
  });
});

describe("schedule", () => {
  it.each([
    ["cron(0 2 ? * SUN *)", "2026-03-01T02:00:00Z", "2026-03-08T02:00:00Z"],
    ["cron(0 2 ? * 1 *)", "2026-03-02T00:00:00Z", "2026-03-08T02:00:00Z"],
    ["cron(0/15 * * * ? *)", "2026-03-01T02:07:30Z", "2026-03-01T02:15:00Z"],
    ["cron(15,45 8-10 ? * MON-FRI *)", "2026-03-06T10:45:00Z", "2026-03-09T08:15:00Z"],
    ["cron(0 0 L * ? *)", "2026-02-10T00:00:00Z", "2026-02-28T00:00:00Z"],
    ["cron(30 6 1 JAN,JUL ? *)", "2026-03-01T00:00:00Z", "2026-07-01T06:30:00Z"],
    ["cron(0 9 ? * MON#1 *)", "2026-03-03T00:00:00Z", "2026-04-06T09:00:00Z"],
    ["cron(0 9 ? * FRIL *)", "2026-03-01T00:00:00Z", "2026-03-27T09:00:00Z"],
    ["cron(0 0 29 2 ? *)", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"],
    ["rate(5 minutes)", "2026-03-01T00:07:00Z", "2026-03-01T00:10:00Z"],
    ["rate(1 hour)", "2026-03-01T01:00:00Z", "2026-03-01T02:00:00Z"],
  ])("%s after %s is due at %s", (expression, after, expected) => {
    const next = parseSchedule(expression, Date.parse("2026-03-01T00:00:00Z"))(Date.parse(after));
    expect(new Date(next ?? 0).toISOString()).toBe(expected.replace("Z", ".000Z"));
  });

  it("never comes due again after its last year", () => {
    expect(parseSchedule("cron(0 0 1 1 ? 2025)", 0)(Date.parse("2026-01-01T00:00:00Z"))).toBeNull();
  });

  it.each([
    ["every day", 'schedule "every day": expected rate(…) or cron(…).'],
    ["rate(1 minutes)", 'schedule "rate(1 minutes)": expected such as rate(1 hour) or rate(5 minutes).'],
    [
      "cron(0 2 * * SUN *)",
      'schedule "cron(0 2 * * SUN *)": expected ? in exactly one of day-of-month and day-of-week.',
    ],
    ["cron(0 2 ? * SUN)", 'schedule "cron(0 2 ? * SUN)": 5 fields, expected six.'],
    ["cron(61 2 ? * SUN *)", 'schedule "cron(61 2 ? * SUN *)": "61" is not a number from 0 to 59.'],
  ])("%s is refused", (expression, message) => {
    expect(() => parseSchedule(expression, 0)).toThrow(message);
  });
});

describe("bus", () => {
  const RULE = { name: "r", arn: "arn:aws:events:eu-central-1:1:rule/r", isEnabled: true };
  const FUNCTION = "arn:aws:lambda:eu-central-1:1:function:f";

  function surroundings(target: Partial<Target>, invoke: (payload: string) => void = () => undefined) {
    const clock = new VirtualClock("2026-03-01T00:00:00Z");
    const received: unknown[] = [];
    const calls: unknown[] = [];
    const warnings: string[] = [];
    const uses: string[][] = [];
    const bus = new Bus({
      clock,
      accountId: "1",
      region: "eu-central-1",
      call: async (_, service, action, input) => calls.push([service, action, input]),
      invokeFunction: async (_, payload) => {
        invoke(payload);
        received.push(JSON.parse(payload));
      },
      authorize: async (...use) => void uses.push(use),
      warn: (message) => warnings.push(message),
    });
    const put = (rule: { pattern?: Record<string, unknown>; schedule?: string }) => {
      bus.putRule({ ...RULE, pattern: rule.pattern ?? null, schedule: rule.schedule ?? null });
      bus.putTarget("r", { id: "t", arn: FUNCTION, ...target });
    };
    return { clock, received, calls, warnings, uses, bus, put };
  }

  it("fires a weekly rule eight times in eight virtual weeks, each at its own moment", async () => {
    const { clock, received, put } = surroundings({
      inputTransformer: { inputPaths: { time: "$.time" }, inputTemplate: '{"time":<time>}' },
    });
    put({ schedule: "cron(0 2 ? * SUN *)" });
    await clock.advance(8 * 7 * 86_400_000);
    expect(received).toEqual(
      ["03-01", "03-08", "03-15", "03-22", "03-29", "04-05", "04-12", "04-19"].map((day) => ({
        time: `2026-${day}T02:00:00Z`,
      })),
    );
  });

  it("delivers a client's event with id, time, account and region to the rules that match", async () => {
    const { clock, received, bus, put } = surroundings({});
    put({ pattern: { source: ["perennial"], detail: { workload: ["w"] } } });
    const service = eventsService(bus);
    const entry = (workload: string) => ({
      Source: "perennial",
      DetailType: "Retraining Requested",
      Detail: JSON.stringify({ workload }),
    });
    const answer = (await service({
      service: "events",
      action: "PutEvents",
      caller: person,
      input: {
        Entries: [
          entry("w"),
          entry("other"),
          { ...entry("w"), Source: "aws.sagemaker" },
          { ...entry("w"), Detail: "no" },
        ],
      },
    })) as { FailedEntryCount: number; Entries: Record<string, string>[] };
    await clock.settle();
    expect(answer.FailedEntryCount).toBe(2);
    expect(answer.Entries.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      undefined,
      "NotAuthorizedForSourceException",
      "MalformedDetail",
    ]);
    expect(received).toEqual([
      {
        version: "0",
        id: answer.Entries[0]!["EventId"],
        "detail-type": "Retraining Requested",
        source: "perennial",
        account: "1",
        time: "2026-03-01T00:00:00Z",
        region: "eu-central-1",
        resources: [],
        detail: { workload: "w" },
      },
    ]);
  });

  it("delivers an event again, with the same id, when duplicates are injected", async () => {
    const { clock, received, bus, put } = surroundings({ inputPath: "$.id" });
    put({ pattern: { source: ["perennial"] } });
    bus.injectDuplicates(() => 2);
    const id = bus.put({ source: "perennial", "detail-type": "x", detail: {} });
    await clock.settle();
    expect(received).toEqual([id, id, id]);
  });

  it("retries what passes, and puts what does not into the dead-letter queue", async () => {
    let attempts = 0;
    const busy = surroundings({ deadLetterArn: "arn:aws:sqs:eu-central-1:1:q" }, () => {
      attempts += 1;
      if (attempts < 3) throw new ApiError("TooManyRequestsException", "busy", 429);
    });
    busy.put({ pattern: { source: ["perennial"] } });
    busy.bus.put({ source: "perennial", "detail-type": "x", detail: {} });
    await busy.clock.settle();
    expect([attempts, busy.received.length, busy.calls]).toEqual([3, 1, []]);

    const denied = surroundings({ input: "{}", deadLetterArn: "arn:aws:sqs:eu-central-1:1:q" }, () => {
      throw new ApiError("AccessDeniedException", "no permission", 403);
    });
    denied.put({ pattern: { source: ["perennial"] } });
    denied.bus.put({ source: "perennial", "detail-type": "x", detail: {} });
    await denied.clock.settle();
    expect(denied.warnings).toEqual([`rule r: ${FUNCTION} did not take the event: no permission`]);
    expect(denied.uses).toEqual([
      ["events.amazonaws.com", "sqs:SendMessage", "arn:aws:sqs:eu-central-1:1:q", RULE.arn],
    ]);
    expect(denied.calls).toMatchObject([
      ["sqs", "SendMessage", { QueueUrl: "https://sqs.eu-central-1.amazonaws.com/1/q", MessageBody: "{}" }],
    ]);
  });
});
