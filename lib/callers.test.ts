import type { IncomingMessage } from "node:http";

import { expect, test } from "vitest";

import { callerKey, createCallers } from "./callers.ts";
import { isTailnetAddress } from "./tailnet.ts";
import { ada, adaAddress, createFakeTailscale, robotAddress } from "./testing/fake-tailscale.ts";

function request(remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage {
  return { socket: { remoteAddress, remotePort: 4711 }, headers } as unknown as IncomingMessage;
}

test("this machine is named as such, a tailnet peer by its login, a tagged node by its name", async () => {
  const callers = createCallers(createFakeTailscale());
  expect(callers.hasSeenTailnet()).toBe(false);
  expect((await callers.identify(request("::ffff:127.0.0.1"))).name).toBe("this machine");
  expect(callers.hasSeenTailnet()).toBe(false);
  expect(await callers.identify(request(adaAddress))).toEqual({
    name: "ada@example.org",
    address: adaAddress,
    node: "phone.tail1.ts.net",
  });
  expect((await callers.identify(request(robotAddress))).name).toBe("ci.tail1.ts.net");
  expect(callers.hasSeenTailnet()).toBe(true);
});

test("a forwarded identity does not count while no interface of this machine owns a tailnet address", async () => {
  const tailscale = createFakeTailscale();
  tailscale.isUserspace = true;
  const callers = createCallers(tailscale);
  const forged = request("127.0.0.1", { "x-forwarded-for": adaAddress, "tailscale-user-login": ada.login });
  expect((await callers.identify(forged)).name).toBe("this machine");
  expect(await callers.know(forged)).toEqual({ kind: "unproven" });
  expect(await callers.know(request("127.0.0.1", { "x-forwarded-for": "192.168.1.5" }))).toEqual({ kind: "unproven" });
});

test("a forwarded identity counts when whois says the same as the header, and not when it says something else", async () => {
  const callers = createCallers(createFakeTailscale());
  const by = (login: string) => request("127.0.0.1", { "x-forwarded-for": adaAddress, "tailscale-user-login": login });
  expect(await callers.know(by("Ada@example.org"))).toMatchObject({ kind: "peer", peer: ada });
  expect(await callers.know(by("bob@example.org"))).toEqual({ kind: "unproven" });
  expect(await callers.know(request("127.0.0.1", { "tailscale-user-login": ada.login }))).toEqual({ kind: "unproven" });
});

test("of several forwarded addresses the last that is not this machine counts", async () => {
  const callers = createCallers(createFakeTailscale());
  const chain = request("127.0.0.1", { "x-forwarded-for": `100.64.0.77, ${adaAddress}, 127.0.0.1` });
  expect(await callers.know(chain)).toMatchObject({ kind: "peer", address: adaAddress });
  expect(await callers.know(request("127.0.0.1", { "x-forwarded-for": "127.0.0.1" }))).toEqual({ kind: "local" });
});

test("without an interface, Tailscale is asked for whom a connection from loopback was made", async () => {
  const tailscale = createFakeTailscale();
  tailscale.isUserspace = true;
  const callers = createCallers(tailscale);
  expect(await callers.know(request("127.0.0.1"))).toEqual({ kind: "local" });
  tailscale.peers.set("127.0.0.1", ada);
  expect(await callers.know(request("127.0.0.1"))).toMatchObject({ kind: "peer", peer: ada });
});

test("an answer of whois is remembered for a while", async () => {
  const tailscale = createFakeTailscale();
  const callers = createCallers(tailscale);
  await callers.identify(request("100.64.0.99"));
  expect((await callers.identify(request("100.64.0.99"))).name).toBe("100.64.0.99");
  expect(tailscale.asked).toEqual(["100.64.0.99"]);
});

test("a device keeps its key whichever of its addresses it comes from", () => {
  const device = { name: "ada@example.org", node: "phone.tail1.ts.net" };
  expect(callerKey({ ...device, address: adaAddress })).toBe(callerKey({ ...device, address: "fd7a:115c:a1e0::9" }));
  expect(callerKey({ name: "this machine", address: "127.0.0.1" })).toBe(
    callerKey({ name: "this machine", address: "::1" }),
  );
});

test("the ranges of Tailscale, and nothing beside them", () => {
  expect(["100.64.0.0", "100.127.255.255", "fd7a:115c:a1e0:ab12::1"].every(isTailnetAddress)).toBe(true);
  expect(["100.63.255.255", "100.128.0.0", "10.64.0.1", "fd7b:115c:a1e0::1", ""].some(isTailnetAddress)).toBe(false);
});
