import { expect, it } from "vitest";

import { toasts } from "../../lib/toasts.ts";
import { deletedText, sayImported } from "./prompt-calls.ts";

const many = Array.from({ length: 60 }, (_, index) => `use-${String(index)}`);

it("names three that cannot be used without a deleted prompt, and counts the others", () => {
  expect(deletedText("Review", [])).toBe("Deleted Review");
  expect(deletedText("Review", ["a", "b"])).toBe("Deleted Review. a, b cannot be used without it");
  expect(deletedText("Review", many)).toBe(
    "Deleted Review. use-0, use-1, use-2, and 57 more cannot be used without it",
  );
});

it("names three files that are no prompt, and counts the others", () => {
  sayImported(many.map((id) => ({ id, title: id, outcome: "broken", savedAs: null, message: "has no title" })));
  const said = toasts.get().at(-1);
  expect(said?.text).toContain("60 files are");
  expect(said?.detail?.split("\n")).toHaveLength(4);
  expect(said?.detail).toMatch(/use-2: has no title\nand 57 more$/);
});
