import { beforeEach, expect, it } from "vitest";

import { toast, toasts, undoToast, withErrorToast } from "./toasts.ts";

beforeEach(() => {
  toasts.set([]);
});

const fail = (reason: string) => withErrorToast("Could not start it", () => Promise.reject(new Error(reason)));
const texts = (): string[] => toasts.get().map(({ text }) => text);

it("says a failure once that comes twice, and others beside it", async () => {
  expect(await Promise.all([fail("The budget is used up"), fail("The budget is used up")])).toEqual([false, false]);
  expect(texts()).toEqual(["Could not start it"]);
  const [first] = toasts.get();
  await fail("The budget is used up");
  expect(toasts.get()).toHaveLength(1);
  expect(toasts.get()[0]?.id).not.toBe(first?.id);
  await fail("Nobody can be asked");
  toast({ kind: "ok", text: "Could not start it" });
  expect(toasts.get()).toHaveLength(3);
});

it("keeps every way back, also of things that are called the same", () => {
  undoToast("Deleted notes", () => Promise.resolve());
  undoToast("Deleted notes", () => Promise.resolve());
  expect(texts()).toEqual(["Deleted notes", "Deleted notes"]);
});
