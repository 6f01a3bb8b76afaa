import { expect, test } from "vitest";

import { withScheme } from "./with-scheme.ts";

test.each([
  ["localhost:3000", "http://localhost:3000"],
  ["127.0.0.1:8080/x", "http://127.0.0.1:8080/x"],
  ["[::1]:3000", "http://[::1]:3000"],
  ["nas", "http://nas"],
  ["nas:8080/files", "http://nas:8080/files"],
  ["example.com", "https://example.com"],
  ["example.com:8443/x", "https://example.com:8443/x"],
  ["http://example.com", "http://example.com"],
  ["file:///etc/passwd", "file:///etc/passwd"],
  ["javascript:alert(1)", "javascript:alert(1)"],
])("%s is opened as %s", (typed, address) => {
  expect(withScheme(typed)).toBe(address);
});
