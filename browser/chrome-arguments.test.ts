import { expect, test } from "vitest";

import { browserSettingsSchema } from "../contract/internal/browser.ts";
import { chromeArguments } from "./chrome-arguments.ts";
import { installHelp } from "./install-help.ts";

const base = { cdpHost: "127.0.0.1", cdpPort: 5556, profileDir: "/data/browser-profile", isRoot: false };

test("remote control is bound to loopback and the start page is blank", () => {
  const args = chromeArguments({ ...base, cdpHost: "localhost", settings: browserSettingsSchema.parse({}) });
  expect(args).toContain("--remote-debugging-address=127.0.0.1");
  expect(args).toContain("--headless=new");
  expect(args).toContain("--disable-background-networking");
  expect(args).toContain("--webrtc-ip-handling-policy=disable_non_proxied_udp");
  expect(args).not.toContain("--no-sandbox");
  expect(args.at(-1)).toBe("about:blank");
});

test("the sandbox is left out for root only, the window for headless only", () => {
  const settings = browserSettingsSchema.parse({ isHeadless: false, windowSize: { width: 800, height: 600 } });
  const args = chromeArguments({ ...base, isRoot: true, settings });
  expect(args).toContain("--no-sandbox");
  expect(args).toContain("--window-size=800,600");
  expect(args.some((argument) => argument.startsWith("--headless"))).toBe(false);
});

test.each([
  "--remote-debugging-address=0.0.0.0",
  "--remote-allow-origins=*",
  "--user-data-dir=/tmp",
  "--load-extension=/tmp/x",
  "--lang",
  "--lang=de DE",
  "--disable-gpu=1",
  "--proxy-server=file:///etc/passwd",
  "https://example.com",
])("the settings refuse %s", (flag) => {
  expect(browserSettingsSchema.safeParse({ extraFlags: [flag] }).success).toBe(false);
});

test.each(["--lang=de-DE", "--disable-gpu", "--proxy-server=socks5://127.0.0.1:1080", "--window-position=-10,20"])(
  "the settings accept %s",
  (flag) => {
    expect(browserSettingsSchema.parse({ extraFlags: [flag] }).extraFlags).toEqual([flag]);
  },
);

test("the help to install names a command that fits the system", () => {
  const debian = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n';
  expect(installHelp({ platform: "linux", arch: "arm64", osRelease: debian })).toEqual({
    system: "Debian GNU/Linux 12 (bookworm)",
    steps: [{ what: "Chromium from Debian", command: "sudo apt-get update && sudo apt-get install -y chromium" }],
  });
  const mint = 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n';
  expect(installHelp({ platform: "linux", arch: "x64", osRelease: mint }).steps[0]?.command).toContain("snap");
  expect(installHelp({ platform: "darwin", arch: "arm64", osRelease: "" }).steps[0]?.command).toContain("brew");
});
