import { expect, test } from "vitest";

import { certificateWords, clockOf } from "./doctor-steps.ts";
import { emailSmtp } from "../../connectors/email-smtp/email-smtp.ts";
import { doctorTargets, readTarget } from "./doctor-targets.ts";

test("places are read from addresses, and from hosts with ports", () => {
  expect(readTarget("https://api.example.com/v1?x=1")).toEqual({
    name: "https://api.example.com",
    host: "api.example.com",
    port: 443,
    isSecure: true,
    origin: "https://api.example.com",
  });
  expect(readTarget("mail.example.com:465")).toMatchObject({ port: 465, isSecure: true, origin: null });
  expect(readTarget("smtp://MAIL.example.com:587")).toEqual({
    name: "smtp://mail.example.com:587",
    host: "mail.example.com",
    port: 587,
    isSecure: false,
    origin: null,
  });
  expect(readTarget("smtps://mail.example.com:8465")).toMatchObject({ isSecure: true, origin: null });
  expect(readTarget("amqp://[::1]/")).toMatchObject({ host: "::1", port: 5672, isSecure: false });
  expect(readTarget("no place")).toBeNull();
  expect(readTarget("host-without-port")).toBeNull();
  expect(readTarget(undefined)).toBeNull();
});

test("a mail server is one place, named as one", async () => {
  const settings = { host: "mail.example.com", login: "none", from: "me@example.com" };
  const placesOf = async (more: object): Promise<unknown> =>
    (await doctorTargets(emailSmtp, emailSmtp.config.parse({ ...settings, ...more }))).map(({ name }) => name);
  expect(await placesOf({})).toEqual(["smtp://mail.example.com:587"]);
  expect(await placesOf({ port: 465, security: "implicit" })).toEqual(["smtps://mail.example.com:465"]);
});

const now = Date.parse("2026-05-01T12:00:00Z");
const there = (aheadMs: number): string => new Date(now + aheadMs).toUTCString();

test("a clock that is off by minutes is bad, by half a minute odd, and by seconds good", () => {
  expect(clockOf(there(2_000), now).verdict).toBe("good");
  expect(clockOf(there(60_000), now)).toMatchObject({
    verdict: "warning",
    message: "This clock is 60 s behind the other one",
  });
  expect(clockOf(there(-600_000), now)).toMatchObject({ verdict: "bad" });
  expect(clockOf(undefined, now).verdict).toBe("skipped");
});

const words = (validTo: string) => certificateWords({ validTo, issuer: "Example CA", protocol: "TLSv1.3" }, now);

test("a certificate that soon expires is a warning with what to do", () => {
  expect(words("Aug 1 12:00:00 2026 GMT")).toMatchObject({ verdict: "good", hint: null });
  const soon = words("May 5 12:00:00 2026 GMT");
  expect(soon).toMatchObject({
    verdict: "warning",
    message: "TLSv1.3, certificate of Example CA, valid for 4 more days",
  });
  expect(soon.hint).not.toBeNull();
});
