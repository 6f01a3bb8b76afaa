import { expect, test } from "vitest";

import { isoTime } from "./iso-time.ts";

test.each([
  ["Tue, 03 Jun 2003 09:39:21 GMT", "2003-06-03T09:39:21.000Z"],
  ["03 Jun 03 09:39 EST", "2003-06-03T14:39:00.000Z"],
  ["Tue, 03 Jun 2003 09:39:21 +0200", "2003-06-03T07:39:21.000Z"],
  ["Tue, 03 Jun 2003 09:39:21 UT", "2003-06-03T09:39:21.000Z"],
  ["2003-12-13T18:30:02.25+01:00", "2003-12-13T17:30:02.250Z"],
  ["2003-12-13T18:30:02.0000000", "2003-12-13T18:30:02.000Z"],
  ["2003-12-13 18:30:02", "2003-12-13T18:30:02.000Z"],
  ["2003-12-13", "2003-12-13T00:00:00.000Z"],
  ["yesterday", null],
  ["", null],
  [null, null],
])("the time %s is understood", (text, expected) => {
  expect(isoTime(text)).toBe(expected);
});
