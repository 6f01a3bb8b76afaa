import { expect, test } from "vitest";

import { createTypedQueue } from "./typed-queue.ts";

/** A server that refuses until it is unlocked and answers when told to. */
function makeServer() {
  let isLocked = true;
  const written: string[] = [];
  const answers: (() => void)[] = [];
  let end: { resolve: () => void; reject: (error: Error) => void } | null = null;
  let asked = 0;
  const queue = createTypedQueue<string>(
    (typed, onRefused) => {
      if (isLocked) answers.push(onRefused);
      else written.push(typed);
    },
    () => {
      asked += 1;
      return new Promise((resolve, reject) => {
        end = { resolve, reject };
      });
    },
  );
  return {
    queue,
    written,
    answer: () => {
      for (const one of answers.splice(0)) one();
    },
    /** The PIN was entered; the page hears of it with `tell`. */
    open: () => {
      isLocked = false;
    },
    tell: async () => {
      end?.resolve();
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
    cancel: async () => {
      end?.reject(new Error("closed"));
      await new Promise((resolve) => setImmediate(resolve));
    },
    asked: () => asked,
  };
}

test("what is typed between the PIN and the page hearing of it comes after what was refused", async () => {
  const { queue, written, answer, open, tell, asked } = makeServer();
  queue.type("#");
  answer();
  open();
  queue.type(" ");
  queue.type("kept");
  expect(written).toEqual([]);
  await tell();
  queue.type("!");
  expect(written).toEqual(["#", " ", "kept", "!"]);
  expect(asked()).toBe(1);
});

test("refusals that come late keep their place before what was typed later", async () => {
  const { queue, written, answer, open, tell } = makeServer();
  queue.type("a");
  queue.type("b");
  queue.type("c");
  answer();
  queue.type("d");
  open();
  await tell();
  expect(written).toEqual(["a", "b", "c", "d"]);
});

test("a closed sheet drops what was typed, and the next key asks again", async () => {
  const { queue, written, answer, cancel, open, tell, asked } = makeServer();
  queue.type("a");
  answer();
  await cancel();
  queue.type("b");
  answer();
  expect(asked()).toBe(2);
  open();
  await tell();
  expect(written).toEqual(["b"]);
});
