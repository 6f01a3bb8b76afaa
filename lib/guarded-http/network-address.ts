import { BlockList, isIP } from "node:net";

/** Where an address lies. `forbidden`: metadata services, link-local, multicast, documentation, anything that stands for another address. */
export type AddressKind = "public" | "loopback" | "private" | "tailnet" | "forbidden";

/**
 * Says where an IP address lies (IANA special-purpose registries, RFC 6890). IPv6 is public in 2000::/3 only, without the
 * ranges that carry an IPv4 address in any form; what is not known to be good is `forbidden`.
 */
export function addressKind(address: string): AddressKind {
  const kind = kinds.get(address) ?? kindOf(address);
  if (kinds.size >= mostKinds) kinds.clear();
  kinds.set(address, kind);
  return kind;
}

/** Of addresses that were asked for: few are called again and again. */
const kinds = new Map<string, AddressKind>();
const mostKinds = 500;

function kindOf(address: string): AddressKind {
  const family = isIP(address);
  if (family === 0) return "forbidden";
  const type = family === 4 ? "ipv4" : "ipv6";
  // a list answers for the IPv4 address inside ::ffff:a.b.c.d, so those must be recognised before
  if (type === "ipv6" && carriesIpv4(address)) return "forbidden";
  if (metadata.check(address, type)) return "forbidden";
  if (loopback.check(address, type)) return "loopback";
  if (tailnet.check(address, type)) return "tailnet";
  if (privateNetworks.check(address, type)) return "private";
  if (special.check(address, type)) return "forbidden";
  if (type === "ipv6" && !globalUnicast.check(address, type)) return "forbidden";
  return "public";
}

const loopback = listOf(["127.0.0.0/8", "::1/128"]);
const tailnet = listOf(["100.64.0.0/10", "fd7a:115c:a1e0::/48"]);
const privateNetworks = listOf(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]);
/** Inside private ranges, and still never a model: metadata services of clouds and Tailscale's own service address. */
const metadata = listOf(["100.100.100.200/32", "100.100.100.100/32", "fd00:ec2::/32", "fd7a:115c:a1e0::53/128"]);
const globalUnicast = listOf(["2000::/3"]);
const special = listOf([
  "0.0.0.0/8",
  "169.254.0.0/16",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "2620:4f:8000::/48",
  "3fff::/20",
]);

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits = ""] = network.split("/");
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

/** IPv4-mapped, IPv4-compatible, NAT64, and ISATAP's interface identifier wherever it stands. */
function carriesIpv4(address: string): boolean {
  const groups = groupsOf(address);
  const areZero = (from: number, to: number): boolean => groups.slice(from, to).every((group) => group === 0);
  if (areZero(0, 5) && (groups[5] === 0xffff || groups[5] === 0)) return !(areZero(0, 7) && groups[7] === 1);
  if (areZero(0, 4) && groups[4] === 0xffff && groups[5] === 0) return true;
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return true;
  return (groups[4] === 0 || groups[4] === 0x200) && groups[5] === 0x5efe;
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const plain = new URL(`http://[${address.replace(/%.*$/, "")}]/`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: gap }, () => "0"), ...after].map((group) => Number.parseInt(group, 16));
}
