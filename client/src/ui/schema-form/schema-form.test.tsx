import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";

import { fieldsOf, type JsonSchema } from "./schema-fields.ts";
import { SchemaForm } from "./schema-form.tsx";
import type { SecretState } from "./secret-field.tsx";
import type { Values } from "./schema-values.ts";

interface Given {
  values?: Values;
  errors?: Record<string, string>;
  secrets?: Record<string, SecretState>;
}

function draw(properties: JsonSchema, { values = {}, errors = {}, secrets = {} }: Given = {}): string {
  const fields = fieldsOf({ type: "object", properties }) ?? [];
  return renderToStaticMarkup(
    <MantineProvider>
      <SchemaForm fields={fields} values={values} errors={errors} secrets={secrets} onChange={() => undefined} />
    </MantineProvider>,
  );
}

describe("SchemaForm", () => {
  it("never writes a secret into the page, only what it ends in", () => {
    const html = draw(
      { token: { type: "string", title: "Token" } },
      { secrets: { token: { isSet: true, last4: "wxyz" } } },
    );
    expect(html).toContain("unchanged, ends in wxyz");
    expect(html).toContain('type="password"');
    expect(html).toContain("Remove it: Token");
  });

  it("gives a secret of several lines a field that keeps its lines", () => {
    const html = draw(
      { key: { type: "string", maxLength: 20_000 } },
      { secrets: { key: { isSet: false, last4: null } } },
    );
    expect(html).toContain("<textarea");
    expect(html).not.toContain('type="password"');
  });

  it("shows what holds by itself without giving it", () => {
    const html = draw({ port: { type: "integer", default: 587 }, isOn: { type: "boolean", default: true } });
    expect(html).toContain('placeholder="587"');
    expect(html).toMatch(/checked=""/);
  });

  it("keeps a number that cannot be as it was typed", () => {
    const html = draw({ count: { type: "integer", minimum: 1 } }, { values: { count: -5 } });
    expect(html).toContain('value="-5"');
  });

  it("says errors at their fields, also inside of rows", () => {
    const rows = { type: "array", items: { type: "object", properties: { name: { type: "string" } } } };
    const html = draw(
      { url: { type: "string" }, rows, lines: { type: "array", items: { type: "string" } } },
      {
        values: { rows: [{ name: "a" }, {}] },
        errors: {
          url: "must be an address",
          "rows.1.name": "is needed",
          "lines.0": "must not be empty",
          "lines.3": "is no domain",
        },
      },
    );
    expect(html).toContain("must be an address");
    expect(html).toContain("is needed");
    expect(html).toContain("line 1: must not be empty; line 4: is no domain");
    expect(html.match(/role="group" aria-label="Rows \d"/g)).toHaveLength(2);
  });
});
