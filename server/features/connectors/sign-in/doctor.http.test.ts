import { afterEach, beforeEach, expect, test } from "vitest";

import type { DoctorReport, DoctorStep } from "../../../../contract/features/connectors.ts";
import { startSignedKit, type SignedKit } from "./testing/signed-kit.ts";

let kit: SignedKit;
const params = { id: "counter" };

beforeEach(async () => {
  kit = await startSignedKit();
});
afterEach(() => kit.stop());

const examine = (): Promise<DoctorReport> => kit.app.call("connectors.doctor", { params });

/** What was found about the server itself, behind what was found about the way there. */
function peerSteps({ targets }: DoctorReport): Partial<DoctorStep>[] {
  return (targets.find(({ target }) => target === kit.server.url)?.steps ?? []).map(({ step, verdict }) => ({
    step,
    verdict,
  }));
}

const unseen = ["protocol", "version", "tools"].map((step) => ({ step, verdict: "skipped" }));

test("the doctor says that a sign-in is missing, then asks the server what it offers, then says that it was taken back", async () => {
  await kit.add();
  const before = await examine();
  expect(before.signIn).toMatchObject({ verdict: "bad", message: "Nobody has signed in yet" });
  expect(before.signIn.hint).toContain("Sign in on its page");
  expect(peerSteps(before)).toEqual(unseen);

  await kit.signIn();
  const report = await examine();
  const host = new URL(kit.authorization.origin).host;
  expect(report.signIn).toMatchObject({ verdict: "good", message: `Signed in at ${host}, and let in` });
  expect(peerSteps(report)).toEqual(["protocol", "version", "tools"].map((step) => ({ step, verdict: "good" })));
  expect(report.targets.flatMap(({ steps }) => steps).find(({ step }) => step === "tools")?.message).toContain("count");
  const record = await kit.app.call("evidence.get", { params: { id: report.evidenceIds.at(-1) ?? "" } });
  expect(record).toMatchObject({ operation: "look: way", outcome: "done", targets: [kit.server.url] });

  await kit.app.call("mcpSignIn.signOut", { params });
  expect((await examine()).signIn).toMatchObject({ verdict: "bad", message: "Nobody has signed in yet" });
});

test("a server that lets nobody in without a sign-in says so to one that is asked as nobody", async () => {
  await kit.add({ kind: "none" });
  const report = await examine();
  expect(report.signIn).toMatchObject({ verdict: "bad", message: "It does not let PortOS in" });
  expect(peerSteps(report)).toEqual([{ step: "protocol", verdict: "bad" }, ...unseen.slice(1)]);
});

test("a server that is away is told from one that lets nobody in", async () => {
  await kit.add();
  await kit.signIn();
  await kit.server.stop();
  const report = await examine();
  expect(report.signIn.verdict).toBe("skipped");
  expect(peerSteps(report)[0]).toEqual({ step: "protocol", verdict: "bad" });
});
