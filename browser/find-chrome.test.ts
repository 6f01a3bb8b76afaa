import { expect, test } from "vitest";

import { findChrome, type ChromeSearch } from "./find-chrome.ts";

function search(platform: NodeJS.Platform, present: string[], variables: NodeJS.ProcessEnv = {}): ChromeSearch {
  return { platform, variables, homeDir: "/home/ada", isExecutable: (path) => present.includes(path) };
}

test("on Linux a Chrome in the PATH wins over a Chromium in the usual folders", () => {
  const found = findChrome(
    null,
    search("linux", ["/usr/bin/chromium", "/opt/bin/google-chrome"], { PATH: "/opt/bin:relative:/usr/bin" }),
  );
  expect(found).toBe("/opt/bin/google-chrome");
});

test("on Linux a snap is found without any PATH", () => {
  expect(findChrome(null, search("linux", ["/snap/bin/chromium"]))).toBe("/snap/bin/chromium");
});

test("on macOS the user's own Applications folder is searched too", () => {
  const path = "/home/ada/Applications/Chromium.app/Contents/MacOS/Chromium";
  expect(findChrome(null, search("darwin", [path]))).toBe(path);
});

test("on Windows every program folder is searched", () => {
  const path = "C:\\Users\\Ada\\AppData\\Local\\Google\\Chrome\\Application\\chrome.exe";
  expect(findChrome(null, search("win32", [path], { LOCALAPPDATA: "C:\\Users\\Ada\\AppData\\Local" }))).toBe(path);
});

test("`none` means no browser even when one is installed", () => {
  expect(findChrome("none", search("linux", ["/usr/bin/chromium"]))).toBeNull();
});

test("a named program that is missing is an error, not another browser", () => {
  expect(() => findChrome("/opt/chrmoe", search("linux", ["/usr/bin/chromium"]))).toThrow(
    "/opt/chrmoe is not a program",
  );
});

test("nothing installed is null", () => {
  expect(findChrome(null, search("linux", []))).toBeNull();
});
