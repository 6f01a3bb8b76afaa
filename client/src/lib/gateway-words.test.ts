import { expect, test } from "vitest";

import { codeText } from "./gateway-words.ts";

test("a call that the mode of the gateway holds back is not told to be so because it is closed: it may let out what reads", () => {
  expect(codeText("offline")).toBe("not let out just now");
});
