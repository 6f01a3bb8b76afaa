import { expect, test } from "vitest";

import { createDomainRules } from "./domain-rules.ts";
import { publicGuard } from "./public-guard.ts";
import { parseTarget } from "./target-address.ts";

const origin = (text: string): string | undefined => parseTarget(text)?.origin;

test("an address of a mail server is shown as one, with its port", () => {
  expect(origin("smtp://mail.example.com:587")).toBe("smtp://mail.example.com:587");
  expect(origin("smtps://mail.example.com")).toBe("smtps://mail.example.com:465");
  expect(origin("smtp://mail.example.com")).toBe("smtp://mail.example.com:25");
  expect(origin("smtp://mail.example.com:80/x")).toBe("smtp://mail.example.com:80");
  expect(origin("smtps://[0:0::1]:443")).toBe("smtps://[::1]:443");
  expect(origin("https://example.com:8443/x")).toBe("https://example.com:8443");
  expect(parseTarget("smtp://ada:secret@mail.example.com")).toBeNull();
  expect(parseTarget("smtp:nobody")).toBeNull();
  expect(parseTarget("mail")).toBeNull();
});

test.each([
  ["mail.example.com", "smtp://MAIL.Example.com.:587"],
  ["bücher.example", "smtp://bücher.example:587"],
  ["bücher.example", "smtps://B%C3%BCcher.example"],
  ["127.0.0.1", "smtp://0x7f.1:25"],
  ["[::1]:465", "sm\ttps://[0:0:0:0:0:0:0:1]"],
  ["mail.example.com:25", "smtp://mail.example.com"],
  ["mail.example.com:465", "smtps://mail.example.com"],
  ["mail.example.com:80", "smtp://mail.example.com:80"],
])("no spelling of a mail server gets around the rule %s: %s", (rule, text) => {
  const target = parseTarget(text);
  expect(target && createDomainRules({ allowed: [], blocked: [rule] }).judge(target.url).ok).toBe(false);
});

test("a mail server that is named may be reached inside, and its port alone", async () => {
  const guard = publicGuard({ ownPorts: [], targets: [{ address: "smtp://127.0.0.1:2525", isInside: true }] });
  expect(await guard.judge(new URL("http://127.0.0.1:2525"))).toMatchObject({ ok: true });
  expect(await guard.judge(new URL("http://127.0.0.1:25"))).toMatchObject({ ok: false });
});
