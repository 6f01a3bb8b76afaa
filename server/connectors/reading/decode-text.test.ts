import { expect, test } from "vitest";

import { decodeText } from "./decode-text.ts";

const latin = (text: string): Uint8Array => Buffer.from(text, "latin1");
const utf8 = (text: string): Uint8Array => Buffer.from(text, "utf8");

test.each([
  ["the header", latin("<p>caf\xe9"), "text/html; charset=ISO-8859-1", "<p>café", "windows-1252"],
  ["the header in quotes", latin("\xc0"), 'text/html; charset="windows-1251"', "А", "windows-1251"],
  ["the byte order mark before the header", utf8("\ufeffé"), "text/html; charset=latin1", "é", "utf-8"],
  ["UTF-16 with a mark", Buffer.from("\ufeffhé", "utf16le"), "", "hé", "utf-16le"],
  ["UTF-16 without one", Buffer.from("<?xml?><a>é</a>", "utf16le"), "", "<?xml?><a>é</a>", "utf-16le"],
  [
    "the XML declaration",
    latin('<?xml version="1.0" encoding="iso-8859-2"?><a>\xb1</a>'),
    "application/xml",
    '<?xml version="1.0" encoding="iso-8859-2"?><a>ą</a>',
    "iso-8859-2",
  ],
  [
    "not the header that says UTF-16 of bytes that are not",
    utf8("<a>é</a>"),
    "text/xml; charset=utf-16",
    "<a>é</a>",
    "utf-8",
  ],
  ["the meta element", latin('<meta charset="koi8-r">\xc1'), "text/html", '<meta charset="koi8-r">а', "koi8-r"],
  ["UTF-8 unsaid", utf8("日本"), "", "日本", "utf-8"],
  ["windows-1252 when it is not UTF-8", latin("caf\xe9 \x93x\x94"), "", "café “x”", "windows-1252"],
  ["an unknown name as none", utf8("é"), "text/html; charset=klingon", "é", "utf-8"],
  ["a meta that cannot be true", utf8('<meta charset="utf-16">é'), "", '<meta charset="utf-16">é', "utf-8"],
])("reads by %s", (_, bytes, type, text, encoding) => {
  expect(decodeText(bytes, type)).toMatchObject({ text, encoding, isDamaged: false });
});

test("a header that lies is passed over for what the page says", () => {
  const bytes = latin('<meta charset="windows-1251"><p>\xcf\xf0\xe8\xe2\xe5\xf2');
  expect(decodeText(bytes, "text/html; charset=utf-8")).toMatchObject({
    encoding: "windows-1251",
    isMislabelled: true,
  });
  expect(decodeText(bytes, "text/html; charset=utf-8").text).toContain("Привет");
});

test("Latin text that calls itself UTF-8 is read as windows-1252", () => {
  const read = decodeText(latin("na\xefve caf\xe9"), "text/html; charset=utf-8");
  expect(read).toEqual({ text: "naïve café", encoding: "windows-1252", isDamaged: false, isMislabelled: true });
});

test("one bad byte among honest UTF-8 stays one bad character", () => {
  const bytes = Buffer.concat([utf8("äöü日本語".repeat(9)), Buffer.from([0xff]), utf8("end")]);
  const read = decodeText(bytes, "text/html; charset=utf-8");
  expect(read).toMatchObject({ encoding: "utf-8", isDamaged: true });
  expect(read.text).toBe(`${"äöü日本語".repeat(9)}\ufffdend`);
});

test("UTF-8 cut within its last character is UTF-8 all the same", () => {
  expect(decodeText(utf8("äöü日").subarray(0, -1))).toMatchObject({ encoding: "utf-8", isDamaged: true });
});

test("nothing is an empty text", () => {
  expect(decodeText(new Uint8Array())).toMatchObject({ text: "", encoding: "utf-8", isDamaged: false });
});
