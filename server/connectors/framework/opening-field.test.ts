import { expect, test } from "vitest";
import { z } from "zod";

import { openingField, withoutOpenings } from "./opening-field.ts";
import { cleanOutput } from "./output-cleaning.ts";

const link = "https://store.example.com/a?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE&X-Amz-Security-Token=secret-of-today";
const schema = z.object({
  url: openingField.describe("A link"),
  maybe: openingField.nullable(),
  list: z.array(z.object({ url: openingField, name: z.string() })),
});
const reply = { url: link, maybe: null, list: [{ url: link, name: link }] };

test("reaches the caller as it is, where everything else is redacted", () => {
  const cleaned = cleanOutput(reply, { secrets: ["secret-of-today"], schema });
  expect(cleaned.url).toBe(link);
  expect(cleaned.list[0]?.url).toBe(link);
  expect(cleaned.list[0]?.name).not.toContain("secret-of-today");
  expect(cleaned.list[0]?.name).not.toContain("AKIAIOSFODNN7EXAMPLE");
});

test("is left out of what is written down", () => {
  expect(withoutOpenings(reply, [schema])).toEqual({ url: "", maybe: null, list: [{ url: "", name: link }] });
  expect(withoutOpenings("text", [z.string()])).toBe("text");
  expect(withoutOpenings(7, [schema])).toBe(7);
});
