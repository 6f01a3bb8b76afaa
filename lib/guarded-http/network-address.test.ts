import { describe, expect, it } from "vitest";

import { addressKind, type AddressKind } from "./network-address.ts";

const cases: [string, AddressKind][] = [
  ["8.8.8.8", "public"],
  ["1.1.1.1", "public"],
  ["172.15.255.255", "public"],
  ["172.32.0.1", "public"],
  ["100.63.255.255", "public"],
  ["2606:4700:4700::1111", "public"],
  ["2a00:1450:4001:80b::200e", "public"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["::1", "loopback"],
  ["10.1.2.3", "private"],
  ["172.16.0.1", "private"],
  ["192.168.178.20", "private"],
  ["fd12:3456:789a::1", "private"],
  ["100.64.0.1", "tailnet"],
  ["100.127.255.255", "tailnet"],
  ["fd7a:115c:a1e0::1234", "tailnet"],
  ["169.254.169.254", "forbidden"],
  ["100.100.100.200", "forbidden"],
  ["100.100.100.100", "forbidden"],
  ["fd00:ec2::254", "forbidden"],
  ["0.0.0.0", "forbidden"],
  ["::", "forbidden"],
  ["255.255.255.255", "forbidden"],
  ["224.0.0.1", "forbidden"],
  ["192.0.2.1", "forbidden"],
  ["198.18.0.1", "forbidden"],
  ["fe80::1", "forbidden"],
  ["ff02::1", "forbidden"],
  ["2001:db8::1", "forbidden"],
  ["3fff::1", "forbidden"],
  ["::ffff:8.8.8.8", "forbidden"],
  ["::ffff:127.0.0.1", "forbidden"],
  ["::ffff:7f00:1", "forbidden"],
  ["::8.8.8.8", "forbidden"],
  ["::127.0.0.1", "forbidden"],
  ["::ffff:0:8.8.8.8", "forbidden"],
  ["64:ff9b::8.8.8.8", "forbidden"],
  ["64:ff9b:1::7f00:1", "forbidden"],
  ["2002:7f00:1::", "forbidden"],
  ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "forbidden"],
  ["2606:4700::5efe:127.0.0.1", "forbidden"],
  ["2606:4700::200:5efe:a00:1", "forbidden"],
  ["4000::1", "forbidden"],
  ["not an address", "forbidden"],
];

describe("address kind", () => {
  it.each(cases)("%s is %s", (address, kind) => {
    expect(addressKind(address)).toBe(kind);
  });
});
