import { expect, test } from "vitest";

import { registerSecret } from "../../../lib/redact.ts";
import { saidBy, smtpFailure } from "./smtp-failure.ts";

const password = "tide-table-1893";
const inBase64 = (text: string): string => Buffer.from(text).toString("base64");

test.each([
  ["user and password of AUTH PLAIN", inBase64(`\0ada\0${password}`)],
  ["another identity before them", inBase64(`root\0ada\0${password}`)],
  ["the password of AUTH LOGIN", inBase64(password)],
  ["a token of XOAUTH2", inBase64(`user=ada\u0001auth=Bearer ${password}\u0001\u0001`)],
])("a server that quotes %s does not give them away", (_, quoted) => {
  registerSecret(password);
  const response = `535 5.7.8 Error: authentication failed for "AUTH PLAIN ${quoted}"`;
  const said = saidBy(Object.assign(new Error("Invalid login"), { response }));
  expect(said).toBe('535 5.7.8 Error: authentication failed for "AUTH PLAIN [redacted]"');
});

test("words and numbers of a server stay as they are", () => {
  const response =
    "550-5.7.1 a640c23a62f3a-a88e38dsm1234567a12.34 - gsmtp https://support.example.com/mail/unauthenticated";
  expect(saidBy(Object.assign(new Error("x"), { response }))).toBe(response);
});

test("what a failure says of the other side has no known secret in it", () => {
  registerSecret(password);
  const error = smtpFailure(Object.assign(new Error("x"), { code: "EAUTH", response: `535 no ${password}` }));
  expect(error.message).toBe("The mail server does not accept the user and password: 535 no [redacted]");
});
