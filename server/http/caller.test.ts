import type { IncomingMessage } from "node:http";

import { expect, test } from "vitest";

import { createCallers, isTailnetAddress } from "./caller.ts";

const peer = { login: "ada@example.org", name: "Ada", node: "phone.tail1.ts.net", isTagged: false };

function request(remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage {
  return { socket: { remoteAddress, remotePort: 4711 }, headers } as unknown as IncomingMessage;
}

test("this machine is named as such, a tailnet peer by its login, a tagged node by its name", async () => {
  const callers = createCallers((address) =>
    Promise.resolve(address === "100.64.0.7" ? { ...peer, isTagged: true } : peer),
  );
  expect(callers.hasSeenTailnet()).toBe(false);
  expect((await callers.identify(request("::ffff:127.0.0.1"))).name).toBe("this machine");
  expect(callers.hasSeenTailnet()).toBe(false);
  expect(await callers.identify(request("100.64.0.9"))).toEqual({
    name: "ada@example.org",
    address: "100.64.0.9",
    node: "phone.tail1.ts.net",
  });
  expect((await callers.identify(request("100.64.0.7"))).name).toBe("phone.tail1.ts.net");
  expect(callers.hasSeenTailnet()).toBe(true);
});

test("a forwarded identity does not count while no interface of this machine owns a tailnet address", async () => {
  const callers = createCallers(() => Promise.resolve(peer));
  const forged = request("127.0.0.1", { "x-forwarded-for": "100.64.0.9", "tailscale-user-login": "ada@example.org" });
  expect((await callers.identify(forged)).name).toBe("this machine");
});

test("an answer of whois is remembered for a while", async () => {
  let asked = 0;
  const callers = createCallers(() => {
    asked += 1;
    return Promise.resolve(null);
  });
  await callers.identify(request("100.64.0.9"));
  expect((await callers.identify(request("100.64.0.9"))).name).toBe("100.64.0.9");
  expect(asked).toBe(1);
});

test("the ranges of Tailscale, and nothing beside them", () => {
  expect(["100.64.0.0", "100.127.255.255", "fd7a:115c:a1e0:ab12::1"].every(isTailnetAddress)).toBe(true);
  expect(["100.63.255.255", "100.128.0.0", "10.64.0.1", "fd7b:115c:a1e0::1", ""].some(isTailnetAddress)).toBe(false);
});
