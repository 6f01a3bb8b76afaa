import type { Tailnet, TailnetPeer, Tailscale, Whois } from "../tailnet.ts";

/** A Tailscale that knows who it is told; with it, a test that comes through loopback can be any peer of the tailnet. */
export interface FakeTailscale extends Tailscale {
  peers: Map<string, TailnetPeer>;
  /** It does not answer any more. */
  isSilent: boolean;
  /** It has no network interface: peers come through loopback. */
  isUserspace: boolean;
  /** Questions it was asked. */
  asked: string[];
}

export const ownName = "box.tail1.ts.net";
export const ada: TailnetPeer = {
  login: "ada@example.org",
  name: "Ada",
  node: "phone.tail1.ts.net",
  isTagged: false,
};
export const bob: TailnetPeer = { login: "bob@example.org", name: "Bob", node: "laptop.tail1.ts.net", isTagged: false };
export const robot: TailnetPeer = { login: "tagged-devices", name: "", node: "ci.tail1.ts.net", isTagged: true };
export const adaAddress = "100.64.0.9";
export const bobAddress = "100.64.0.10";
export const robotAddress = "100.64.0.11";

/** Ada's phone, Bob's laptop and a tagged device. */
export function createFakeTailscale(): FakeTailscale {
  const tailnet: Tailnet = { state: "running", dnsName: ownName, addresses: ["100.64.0.1"] };
  const fake: FakeTailscale = {
    peers: new Map([
      [adaAddress, ada],
      [bobAddress, bob],
      [robotAddress, robot],
    ]),
    isSilent: false,
    isUserspace: false,
    asked: [],
    read: () => Promise.resolve(fake.isSilent ? { state: "absent", dnsName: "", addresses: [] } : tailnet),
    whois(address): Promise<Whois> {
      fake.asked.push(address);
      const peer = fake.peers.get(address);
      if (fake.isSilent) return Promise.resolve({ kind: "unreachable" });
      return Promise.resolve(peer ? { kind: "known", peer } : { kind: "unknown" });
    },
    hasInterface: () => !fake.isUserspace,
    isInstalled: () => true,
  };
  return fake;
}

/** Names of a machine in that tailnet, for the gate. */
export const fakeMachine = () =>
  Promise.resolve({
    names: ["localhost", "127.0.0.1", "[::1]", "box", ownName],
    tailnet: { state: "running" as const, dnsName: ownName, addresses: ["100.64.0.1"] },
  });
