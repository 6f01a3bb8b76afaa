import { describe, expect, it } from "vitest";

import { readTemplate, renderTemplate } from "./template.ts";

function render(body: string, values: Record<string, unknown> = {}, partials: Record<string, string> = {}) {
  return renderTemplate(body, new Map(Object.entries(values)), (name) => partials[name]);
}

describe("a template", () => {
  it("names its variables and what it includes, inside sections too", async () => {
    const body = "{{a}} {{{b}}} {{#c}}{{d}} {{.}} {{> one}}{{/c}}{{^e}}{{> two}}{{/e}}{{! no }}";
    expect(await readTemplate(body)).toEqual({
      names: ["a", "b", "c", "d", "e"],
      includes: ["one", "two"],
      problem: null,
    });
  });

  it("says in which line it cannot be read", async () => {
    expect((await readTemplate("one\n{{two")).problem).toBe("Line 2 of the text: a tag is not closed with }}");
    expect((await readTemplate("a\nb\n{{/x}}")).problem).toBe("Line 3 of the text: {{/x}} closes nothing");
    expect((await readTemplate("{{#x}}\nb")).problem).toBe("Line 2 of the text: {{#x}} is not closed there");
  });

  it("prints values as they are: nothing is escaped", async () => {
    const value = `<b> & "quotes" 'n' \`ticks\` {{not}} a tag`;
    expect(await render("{{a}}|{{{a}}}|{{&a}}", { a: value })).toBe(`${value}|${value}|${value}`);
  });

  it("prints numbers, yes and no, and lists as people write them", async () => {
    expect(await render("{{n}} {{y}} {{f}} {{l}}", { n: 0.5, y: true, f: false, l: ["a", "b"] })).toBe(
      "0.5 yes no a, b",
    );
  });

  it("repeats sections for lists and leaves lines with nothing but a section out", async () => {
    const body = "Do:\n{{#l}}\n- {{.}}\n{{/l}}\n{{^l}}\nnothing\n{{/l}}\nEnd";
    expect(await render(body, { l: ["a", "b"] })).toBe("Do:\n- a\n- b\nEnd");
    expect(await render(body, { l: [] })).toBe("Do:\nnothing\nEnd");
  });

  it("includes other templates with the same values, indented as they stand", async () => {
    expect(await render("1\n  {{> p}}\n2", { a: "x" }, { p: "{{a}}\n{{a}}\n" })).toBe("1\n  x\n  x\n2");
  });

  it("never looks at anything but the values it was given, and calls nothing", async () => {
    let calls = 0;
    const spy = (): string => {
      calls += 1;
      return "called";
    };
    const body = "[{{constructor}}{{toString}}{{hasOwnProperty}}{{__proto__}}{{a.length}}{{f}}{{#a}}{{length}}{{/a}}]";
    expect(await render(body, { a: "text", f: spy })).toBe("[]");
    expect(calls).toBe(0);
  });

  it("gives up before lists within lists, or includes within includes, fill the memory", async () => {
    const list = Array.from({ length: 1_000 }, () => "x");
    await expect(render("{{#l}}{{#l}}{{#l}}{{.}}{{/l}}{{/l}}{{/l}}", { l: list })).rejects.toMatchObject({
      code: "too_large",
    });
    const partials = Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [`p${at}`, `{{> p${at + 1}}}{{> p${at + 1}}}`]),
    );
    await expect(render("{{> p0}}", {}, partials)).rejects.toMatchObject({ code: "too_large" });
    await expect(render("{{#l}}{{t}}{{/l}}", { l: list, t: "x".repeat(2_000) })).rejects.toMatchObject({
      code: "too_large",
    });
  });
});
