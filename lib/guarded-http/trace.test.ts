import { describe, expect, it } from "vitest";

import { registerSecret } from "../redact.ts";
import { canonicalFingerprint } from "./tls-trust.ts";
import { urlWithoutSecrets } from "./trace.ts";

const mark = "[redacted]";

describe("URL as it is kept", () => {
  it.each([
    ["https://x.example/a?page=2&q=key+of+c", "https://x.example/a?page=2&q=key+of+c"],
    ["https://x.example/a?api_key=abc&page=2", `https://x.example/a?api_key=${mark}&page=2`],
    ["https://x.example/a?apiKey=abc", `https://x.example/a?apiKey=${mark}`],
    ["https://x.example/a?key=abc", `https://x.example/a?key=${mark}`],
    ["https://x.example/a?access_token=abc#token=abc", `https://x.example/a?access_token=${mark}`],
    ["https://x.example/a?%61pi_key=abc", `https://x.example/a?%61pi_key=${mark}`],
    [
      "https://x.example/a?X-Amz-Signature=abc&X-Amz-Date=1",
      `https://x.example/a?X-Amz-Signature=${mark}&X-Amz-Date=1`,
    ],
    ["https://x.example/a?X-Amz-Credential=abc", `https://x.example/a?X-Amz-Credential=${mark}`],
    ["https://x.example/a?X-Amz-Security-Token=abc", `https://x.example/a?X-Amz-Security-Token=${mark}`],
    ["https://x.example/a?sig=abc&code=abc", `https://x.example/a?sig=${mark}&code=${mark}`],
    ["https://x.example/a?monkey=banana&author=me&design=1", "https://x.example/a?monkey=banana&author=me&design=1"],
    ["https://x.example/a?password=", "https://x.example/a?password="],
    ["https://x.example/a?a=%zz&b", "https://x.example/a?a=%zz&b"],
    ["https://user:word@x.example/a", "https://x.example/a"],
    ["https://x.example/hooks/ghp_abcdefghijklmnopqrstuvwxyz0123", `https://x.example/hooks/${mark}`],
  ])("%s → %s", (url, expected) => {
    expect(urlWithoutSecrets(new URL(url))).toBe(expected);
  });

  it("hides a secret that is known, wherever it stands and however it is encoded", () => {
    registerSecret("s3cret/value+1");
    for (const url of [
      "https://x.example/s3cret/value+1/x",
      `https://x.example/?text=${encodeURIComponent("s3cret/value+1")}`,
    ])
      expect(urlWithoutSecrets(new URL(url))).not.toContain("s3cret");
  });
});

describe("fingerprint", () => {
  const plain = "0123456789abcdef".repeat(4);
  const canonical = (plain.toUpperCase().match(/../g) ?? []).join(":");

  it.each([plain, canonical, canonical.toLowerCase(), `SHA256:${plain}`, `sha256 ${canonical}`, ` ${plain}\n`])(
    "is read from %j",
    (text) => {
      expect(canonicalFingerprint(text)).toBe(canonical);
    },
  );

  it.each(["", plain.slice(2), `${plain}00`, plain.replace("0", "g")])("is not %j", (text) => {
    expect(canonicalFingerprint(text)).toBeNull();
  });
});
