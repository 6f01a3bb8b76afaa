import { expect, test } from "vitest";

import { releaseChangelog } from "./changelog.mjs";

const text = "# Changelog\n\nIntro.\n\n## Unreleased\n\n- New thing\n\n## 0.1.0 – 2026-11-01\n\n- First\n";

test("the placeholder becomes the version and a new one is put above it", () => {
  expect(releaseChangelog(text, "0.2.0", "2026-12-01")).toEqual({
    changelog:
      "# Changelog\n\nIntro.\n\n## Unreleased\n\n## 0.2.0 – 2026-12-01\n\n- New thing\n\n## 0.1.0 – 2026-11-01\n\n- First\n",
    notes: "# PortOS 0.2.0 – 2026-12-01\n\n- New thing\n",
  });
});

test("the first release needs no section below it", () => {
  expect(releaseChangelog("## Unreleased\n\n- A\n", "0.1.0", "2026-11-21")?.changelog).toBe(
    "## Unreleased\n\n## 0.1.0 – 2026-11-21\n\n- A\n",
  );
});

test("without changes there is no release", () => {
  expect(releaseChangelog("# Changelog\n\n## Unreleased\n\n## 0.1.0 – x\n\n- A\n", "0.2.0", "x")).toBeNull();
});

test("a version that was released before and a missing placeholder are refused", () => {
  expect(() => releaseChangelog(text, "0.1.0", "x")).toThrow("raise the version");
  expect(() => releaseChangelog("# Changelog\n", "0.1.0", "x")).toThrow("no line");
});
