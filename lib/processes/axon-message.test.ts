import * as fc from "fast-check";
import { expect, test } from "vitest";

import { createMessageParser, packMessage, unpackArgument } from "./axon-message.ts";

const argument = fc.oneof(
  fc.string(),
  fc.jsonValue().filter((value) => typeof value !== "string"),
);

test("messages survive every split of the byte stream", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(argument, { minLength: 1, maxLength: 15 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
      (messages, sizes) => {
        const stream = Buffer.concat(messages.map(packMessage));
        const received: unknown[][] = [];
        const parse = createMessageParser((parts) => received.push(parts.map(unpackArgument)));
        for (let offset = 0, turn = 0; offset < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          parse(stream.subarray(offset, offset + size));
          offset += size;
        }
        expect(JSON.stringify(received)).toBe(JSON.stringify(messages));
      },
    ),
  );
});

test("the bytes are those of the AMP protocol", () => {
  expect(packMessage(["a", { b: 1 }]).toString("hex")).toBe(
    `1200000003${Buffer.from("s:a").toString("hex")}00000009${Buffer.from('j:{"b":1}').toString("hex")}`,
  );
});

test("an argument that claims to be enormous is refused instead of being waited for", () => {
  const parse = createMessageParser(() => undefined);
  expect(() => {
    parse(Buffer.from([0x11, 0x7f, 0xff, 0xff, 0xff]));
  }).toThrow(RangeError);
});
