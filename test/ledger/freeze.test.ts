import { HistoryEntry, type FreezeTrigger } from "@perennial/contracts";
import {
  admit,
  EMPTY_ADMISSION,
  freeze,
  freezeAt,
  freezeEntry,
  type Request,
  type Terms,
} from "@perennial/ledger";
import { describe, expect, it } from "vitest";

const WORKLOAD = "hospital-readmission";
const MACHINE = `arn:aws:states:eu-central-1:123456789012:stateMachine:perennial-dev-${WORKLOAD}-rollout`;
const NOON = new Date("2026-01-05T12:00:00Z");
const UNTIL = "2026-01-09T12:00:00Z";
const TARGET = {
  version: 3,
  modelPackageArn: "arn:3",
  modelDataUrl: "s3://artifacts/models/3/model.tar.gz",
  artifactSha256: "3".repeat(64),
};
const terms: Terms = {
  workload: WORKLOAD,
  door: "rollout",
  stateMachineArn: MACHINE,
  coolDownMinutes: 0,
  dailyBudget: Infinity,
  leaseMinutes: 60,
  live: TARGET,
};
const asked = { stack: "dev", workload: WORKLOAD, reason: "audit", requestedBy: "ada" };
const order = (id: string, frozen: boolean, time = "2026-01-05T11:00:00Z"): FreezeTrigger => ({
  kind: "freeze",
  id,
  time,
  detail: frozen ? { ...asked, frozen, until: UNTIL } : { ...asked, frozen },
});
const request = (kind: "approval" | "promote" | "image" | "rollback"): Request => ({
  cause: { kind, id: kind, time: "2026-01-05T11:30:00Z", reason: "because", coalesced: 0 },
  target: TARGET,
});
const frozen = freeze(EMPTY_ADMISSION, order("f1", true));

describe("a freeze", () => {
  it.each(["approval", "promote", "image"] as const)(
    "holds back what comes by %s, and says who, until when and why",
    (kind) => {
      const { state, decision } = admit(frozen, request(kind), terms, NOON);
      const reason = `frozen by ada until ${UNTIL} (audit)`;
      expect(decision).toEqual({ kind: "held", by: "freeze", until: UNTIL, reason });
      expect(state.pending).toMatchObject({ target: TARGET, count: 1, reason, until: UNTIL });
    },
  );

  it("lets a rollback pass", () => {
    expect(admit(frozen, request("rollback"), terms, NOON).decision.kind).toBe("started");
  });

  it("ends by itself", () => {
    const held = admit(frozen, request("promote"), terms, NOON).state;
    expect(admit(held, null, terms, new Date(UNTIL)).decision.kind).toBe("started");
    expect(freezeAt(frozen, new Date(UNTIL))).toBeNull();
    expect(freezeAt(frozen, new Date(Date.parse(UNTIL) - 1))).toMatchObject({ by: "ada", reason: "audit" });
  });

  it("ends when it is lifted, and what was held back goes on", () => {
    const held = admit(frozen, request("promote"), terms, NOON).state;
    const lifted = freeze(held, order("f2", false, "2026-01-05T12:00:00Z"));
    expect(admit(lifted, null, terms, NOON).decision.kind).toBe("started");
  });

  it("isn't brought back by a word that was spoken before it was lifted and comes after", () => {
    const lifted = freeze(EMPTY_ADMISSION, order("f2", false, "2026-01-05T11:10:00Z"));
    const late = freeze(lifted, order("f1", true));
    expect(freezeAt(late, NOON)).toBeNull();
    expect(late.seen).toEqual(["f2", "f1"]);
  });

  it("is known once, however often it is told", () => {
    expect(freeze(frozen, order("f1", true))).toBe(frozen);
  });

  it.each([
    [true, `Frozen until ${UNTIL}: nothing but a rollback starts. Asked for by ada: audit.`, "frozen"],
    [false, "Unfrozen: what was held back goes on. Asked for by ada: audit.", "unfrozen"],
  ])("is told in the history (frozen: %s)", (isFrozen, summary, outcome) => {
    const entry = freezeEntry(order("f1", isFrozen), MACHINE);
    expect(HistoryEntry.parse(entry)).toMatchObject({
      kind: "freeze",
      summary,
      outcome,
      cause: { requestedBy: "ada" },
    });
  });
});
