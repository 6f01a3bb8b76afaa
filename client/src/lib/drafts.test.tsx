import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, expect, test } from "vitest";

import { dropDraft, hasDrafts, lossQuestion, lostAt, useDraft } from "./drafts.ts";

const about = { label: "The policy of Feeds", isKeptAt: ({ pathname }: { pathname: string }) => pathname === "/here" };

/** A form, once on the page, as what it was given. */
function open<T>(start: T, name = "policy"): ReturnType<typeof useDraft<T>> {
  const seen: ReturnType<typeof useDraft<T>>[] = [];
  function Form() {
    seen.push(useDraft(name, about, start));
    return null;
  }
  renderToStaticMarkup(<Form />);
  const [form] = seen;
  if (!form) throw new Error("not drawn");
  return form;
}

afterEach(() => {
  dropDraft("policy", "config");
});

test("what was typed is there again when the form comes back, until it is dropped", () => {
  open({ perMinute: 30 }).set({ perMinute: 31 });
  expect(open({ perMinute: 30 })).toMatchObject({ value: { perMinute: 31 }, isUnsaved: true });
  open({ perMinute: 30 }).drop();
  expect(open({ perMinute: 30 })).toMatchObject({ value: { perMinute: 30 }, isUnsaved: false });
});

test("what was typed back to what is stored is no draft, whatever the order of its fields", () => {
  open({ a: 1, b: 2 }).set({ a: 1, b: 3 });
  expect(hasDrafts()).toBe(true);
  open({ a: 1, b: 2 }).set({ b: 2, a: 1 });
  expect(hasDrafts()).toBe(false);
});

test("only what cannot be gone on with at the new place is lost, and named", () => {
  open(1).set(2);
  expect(lostAt({ pathname: "/here", search: { tab: "doctor" } })).toEqual([]);
  expect(lostAt({ pathname: "/there", search: {} })).toEqual([{ name: "policy", label: "The policy of Feeds" }]);
  expect(lossQuestion(["The policy of Feeds"]).text).toContain("The policy of Feeds is not saved.");
  expect(lossQuestion(["One", "Two"]).text).toContain("One, Two are not saved.");
});
