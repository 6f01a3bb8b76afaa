import { afterEach, expect, test } from "vitest";

import { startHttp, type StartedServer } from "../../../lib/guarded-http/testing/hostile-server.ts";
import { makeCertificate, type MadeCertificate } from "../../../lib/guarded-http/testing/make-certificate.ts";
import { loopbackContext } from "../../connectors/framework/testing/loopback-context.ts";
import { examine } from "./doctor-steps.ts";
import { readTarget } from "./doctor-targets.ts";

let server: StartedServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const authority = makeCertificate({ name: "Own authority", hosts: [], isAuthority: true });
const inDays = (days: number): Date => new Date(Date.now() + days * 86_400_000);
const certificate = (days: number): MadeCertificate =>
  makeCertificate({ name: "localhost", hosts: ["localhost", "127.0.0.1"], issuer: authority, notAfter: inDays(days) });

/** What the doctor says of an encrypted server on loopback, step by step. */
async function look(made: MadeCertificate, trust: { ca?: string }) {
  server = await startHttp((_request, response) => {
    response.writeHead(200, { server: "nuts/1.2" }).end();
  }, made);
  const origin = `https://127.0.0.1:${String(server.port)}`;
  const target = readTarget(origin);
  if (!target) throw new Error("no target");
  const { context, close } = loopbackContext({ config: {}, insides: [{ address: origin, isInside: true, trust }] });
  try {
    const steps = await examine(target, context, () => performance.now());
    return Object.fromEntries(steps.map((step) => [step.step, step]));
  } finally {
    await close();
  }
}

test("a certificate of an authority of one's own is good at the target that names it, with how long it is", async () => {
  const steps = await look(certificate(90), { ca: authority.cert });
  expect(steps["encryption"]).toMatchObject({
    verdict: "good",
    message: expect.stringMatching(
      /^TLSv1\.[23], certificate of Own authority, valid for (?:89|90) more days$/,
    ) as string,
  });
  expect(steps["version"]).toMatchObject({ verdict: "good", message: "nuts/1.2" });
});

test("one that soon expires is a warning, before calls fail", async () => {
  const steps = await look(certificate(5), { ca: authority.cert });
  expect(steps["encryption"]).toMatchObject({ verdict: "warning" });
  expect(steps["clock"]).toMatchObject({ verdict: "good" });
});

test.each([
  ["nobody trusts", 90, {}],
  ["has expired", -1, { ca: authority.cert }],
])("one that %s ends the way there, with what to do", async (_what, days, trust) => {
  const steps = await look(certificate(days), trust);
  expect(steps["connection"]).toMatchObject({ verdict: "good" });
  expect(steps["encryption"]).toMatchObject({ verdict: "bad" });
  expect(steps["encryption"]?.hint).not.toBeNull();
  expect(steps["clock"]).toMatchObject({ verdict: "skipped" });
});
