import { expect, test } from "vitest";

import { parseLsof, parseSocketTable } from "./listening-ports.ts";

test("listening sockets of both address families are read from the kernel's tables", () => {
  const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
  const tail = "00000000:00000000 00:00000000 00000000     0        0";
  const table = `${header}   0: 0100007F:15B2 00000000:0000 0A ${tail} 4711 1 0\n   1: 0100007F:15B2 0100007F:8000 01 ${tail} 4712 1 0\n`;
  expect(parseSocketTable(table)).toEqual([{ port: 5554, address: "127.0.0.1", inode: "4711" }]);
  const zero = "00000000000000000000000000000000:0000";
  const table6 = `${header}   0: 00000000000000000000000001000000:1F90 ${zero} 0A ${tail} 9 1\n   1: 0000000000000000FFFF00000100007F:0050 ${zero} 0A ${tail} 8 1\n`;
  expect(parseSocketTable(table6)).toEqual([
    { port: 8080, address: "::1", inode: "9" },
    { port: 80, address: "127.0.0.1", inode: "8" },
  ]);
});

test("lsof's field output names port, address and owner", () => {
  expect(parseLsof("p12\ncnode\nf3\nn*:3000\nf4\nn[::1]:3001\n")).toEqual([
    { port: 3000, address: "0.0.0.0", pid: 12, command: "node" },
    { port: 3001, address: "::1", pid: 12, command: "node" },
  ]);
});
