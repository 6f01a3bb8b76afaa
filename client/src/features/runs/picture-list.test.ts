import { expect, test } from "vitest";

import type { SmallPicture } from "../../lib/shrink-picture.ts";
import { toasts } from "../../lib/toasts.ts";
import { createPictureList, leftOutText, type PictureList } from "./picture-list.ts";

/** Makes pictures small when the test says so. */
function slowList() {
  const waiting = new Map<string, { resolve: (picture: SmallPicture) => void; reject: (error: Error) => void }>();
  const list = createPictureList(
    ({ name }) =>
      new Promise((resolve, reject) => {
        waiting.set(name, { resolve, reject });
      }),
  );
  return {
    list,
    finish: (name: string) => waiting.get(name)?.resolve({ name, mediaType: "image/png", data: name }),
    fail: (name: string) => waiting.get(name)?.reject(new Error("no picture")),
  };
}

const files = (...names: string[]): File[] => names.map((name) => ({ name }) as File);
const namesOf = (list: PictureList): string[] => list.given.get().pictures.map(({ name }) => name);

test("two pastes in quick succession are both kept, and one left out meanwhile stays out", async () => {
  const { list, finish } = slowList();
  const first = list.add(files("a"));
  finish("a");
  await first;
  const both = [list.add(files("b")), list.add(files("c"))];
  expect(list.given.get().pending).toBe(2);
  const [a] = list.given.get().pictures;
  if (a) list.remove(a);
  finish("c");
  finish("b");
  await Promise.all(both);
  expect(namesOf(list).toSorted()).toEqual(["b", "c"]);
  expect(list.given.get().pending).toBe(0);
});

test("those there is no room for are counted, also while others are being made small", async () => {
  const { list, finish } = slowList();
  const first = list.add(files("a", "b", "c"));
  const second = list.add(files("d", "e", "f"));
  expect(list.given.get()).toEqual({ pictures: [], pending: 4, leftOut: 2 });
  expect(leftOutText(2)).toBe("At most 4 pictures go along; 2 were left out.");
  for (const name of ["a", "b", "c", "d"]) finish(name);
  await Promise.all([first, second]);
  expect(namesOf(list)).toEqual(["a", "b", "c", "d"]);
});

test("what is no picture holds nothing up", async () => {
  const { list, fail } = slowList();
  const added = list.add(files("a"));
  fail("a");
  await added;
  expect(list.given.get()).toEqual({ pictures: [], pending: 0, leftOut: 0 });
  expect(toasts.get().at(-1)?.detail).toContain("no picture");
});
