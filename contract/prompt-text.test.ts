import { assert, array, boolean, double, property, stringMatching } from "fast-check";
import { describe, expect, test } from "vitest";

import { promptValueOf, textOfPromptValue } from "./prompt-text.ts";

function back(type: "number" | "yes-no" | "list", value: unknown): unknown {
  return promptValueOf(type, textOfPromptValue(value));
}

describe("values of prompts as texts", () => {
  test("are read as what their variable holds; what says nothing of the kind stays as it is", () => {
    expect(promptValueOf("number", " 3 ")).toBe(3);
    expect(promptValueOf("number", "-1.5e3")).toBe(-1_500);
    expect(promptValueOf("number", "three")).toBe("three");
    expect(promptValueOf("number", "")).toBe("");
    expect(promptValueOf("number", "0x10")).toBe("0x10");
    expect(promptValueOf("yes-no", "Yes")).toBe(true);
    expect(promptValueOf("yes-no", "false")).toBe(false);
    expect(promptValueOf("yes-no", "maybe")).toBe("maybe");
    expect(promptValueOf("list", "a\n\n b\n")).toEqual(["a", " b"]);
    expect(promptValueOf("text", "3")).toBe("3");
    expect(promptValueOf("choice", "yes")).toBe("yes");
    expect(promptValueOf("number", 3)).toBe(3);
    expect(promptValueOf("list", ["a"])).toEqual(["a"]);
    expect(promptValueOf("list", null)).toBeNull();
  });

  test("say what they were made of", () => {
    assert(property(double({ noNaN: true, noDefaultInfinity: true }), (value) => back("number", value) === value));
    assert(property(boolean(), (value) => back("yes-no", value) === value));
    const lists = array(stringMatching(/^[a-z ]*[a-z]$/), { maxLength: 5 });
    assert(
      property(lists, (value) => {
        expect(back("list", value)).toEqual(value);
      }),
    );
    for (const value of [null, undefined, {}, [1], [["a"]]]) expect(textOfPromptValue(value)).toBeNull();
  });
});
