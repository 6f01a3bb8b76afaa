import { expect, test } from "vitest";

import type { Identity } from "./callers.ts";
import { guestRefusal } from "./guests.ts";
import { createRefusalBook, type Refusal } from "./refusal-book.ts";
import { silentLogger } from "./logger.ts";
import { ada, adaAddress, bob, bobAddress, ownName, robot, robotAddress } from "./testing/fake-tailscale.ts";

const phone: Identity = { kind: "peer", address: adaAddress, peer: ada };
const laptop: Identity = { kind: "peer", address: bobAddress, peer: bob };
const tagged: Identity = { kind: "peer", address: robotAddress, peer: robot };
const list = (logins: string[], nodes: string[] = [], isOn = true) => ({ isOn, logins, nodes });

test("while the list is off everybody may; this machine always may", () => {
  for (const identity of [phone, laptop, tagged, { kind: "unreachable" as const, address: adaAddress }])
    expect(guestRefusal(list([], [], false), identity, ownName)).toBeNull();
  expect(guestRefusal(list([]), { kind: "local" }, ownName)).toBeNull();
});

test("a login covers its devices but no tagged one, a device covers itself", () => {
  expect(guestRefusal(list(["ada@example.org"]), phone, ownName)).toBeNull();
  expect(guestRefusal(list(["ada@example.org"]), laptop, ownName)).toBe("list");
  expect(guestRefusal(list(["tagged-devices"]), tagged, ownName)).toBe("list");
  expect(guestRefusal(list([], ["ci.tail1.ts.net"]), tagged, ownName)).toBeNull();
  expect(guestRefusal(list([], ["phone.tail1.ts.net"]), laptop, ownName)).toBe("list");
});

test("a short name means a device of the own tailnet only, and nothing matches by a part of its name", () => {
  expect(guestRefusal(list([], ["phone"]), phone, ownName)).toBeNull();
  const shared: Identity = { ...phone, peer: { ...ada, node: "phone.other.ts.net" } };
  expect(guestRefusal(list([], ["phone"]), shared, ownName)).toBe("list");
  expect(guestRefusal(list([], ["phone"]), phone, "")).toBe("list");
  expect(guestRefusal(list([], ["phon", "hone.tail1.ts.net", "tail1.ts.net"]), phone, ownName)).toBe("list");
});

test("whoever cannot be named is refused with the reason, and an address of a network only when it is listed itself", () => {
  for (const kind of ["unknown", "unreachable"] as const)
    expect(guestRefusal(list([], [adaAddress]), { kind, address: adaAddress }, ownName)).toBe(kind);
  expect(guestRefusal(list([]), { kind: "unproven" }, ownName)).toBe("unproven");
  const outside: Identity = { kind: "outside", address: "192.168.1.20" };
  expect(guestRefusal(list([]), outside, ownName)).toBe("list");
  expect(guestRefusal(list([], ["192.168.1.20"]), outside, ownName)).toBeNull();
});

test("a flood of refusals is told once at its beginning and once with its number", () => {
  let now = 0;
  const told: Refusal[] = [];
  const book = createRefusalBook({
    clock: { now: () => now, monotonic: () => now },
    logger: silentLogger,
    tell: (refusal) => told.push(refusal),
  });
  const caller = { name: "bob@example.org", address: bobAddress };
  for (let index = 0; index < 20; index += 1) book.note({ caller, reason: "list", what: `GET /${index}` });
  book.note({ caller: { ...caller, address: "100.64.0.50" }, reason: "list", what: "GET /" });
  expect(told.map(({ times }) => times)).toEqual([1, 1]);
  now = 61_000;
  book.note({ caller, reason: "list", what: "GET /again" });
  expect(told.map(({ what, times }) => [what, times])).toEqual([
    ["GET /0", 1],
    ["GET /", 1],
    ["GET /19", 19],
    ["GET /again", 1],
  ]);
  book.stop();
});

test("programs of one machine are counted apart, but not under ever another name", () => {
  const told: Refusal[] = [];
  const book = createRefusalBook({
    clock: { now: () => 0, monotonic: () => 0 },
    logger: silentLogger,
    tell: (refusal) => told.push(refusal),
  });
  const note = (name: string): void => {
    book.note({ caller: { name, address: "127.0.0.1" }, reason: "agent", what: "GET /api/access" });
  };
  for (const name of ["curl of run run-1", "node of run run-2", "curl of run run-1"]) note(name);
  expect(told.map(({ caller }) => caller.name)).toEqual(["curl of run run-1", "node of run run-2"]);
  for (let index = 0; index < 20; index += 1) note(`x${index} of run run-1`);
  expect(told).toHaveLength(5);
  book.stop();
  expect(told.slice(5).map(({ times }) => times)).toEqual([1, 17]);
});
