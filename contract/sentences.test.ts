import { expect, test } from "vitest";

import { sentences } from "./sentences.ts";

test("between what is wrong and what to do about it there is a full stop, once", () => {
  expect(sentences("* is not a host with a port", "Write it as host:port.")).toBe(
    "* is not a host with a port. Write it as host:port.",
  );
  expect(sentences("Gone.", "Try again")).toBe("Gone. Try again.");
  expect(sentences("Is it on?", null, undefined, " ", "Look")).toBe("Is it on? Look.");
  expect(sentences("It said “No.”", "Ask again.")).toBe("It said “No.” Ask again.");
  expect(sentences()).toBe("");
});
