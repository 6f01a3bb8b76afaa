import { z } from "zod";

import type { Endpoint, EndpointGroup, Schema } from "../../../contract/endpoint.ts";

/** The readable API page: plain HTML, no script, one section per feature, schemas folded. */
export function buildDocsPage(groups: Record<string, EndpointGroup>, version: string): string {
  const names = Object.keys(groups);
  const count = Object.values(groups).reduce((sum, endpoints) => sum + Object.keys(endpoints).length, 0);
  const sections = Object.entries(groups).map(
    ([name, endpoints]) =>
      `<section id="${escape(name)}"><h2>${escape(name)}</h2>${Object.entries(endpoints)
        .map(([key, endpoint]) => endpointHtml(`${name}.${key}`, endpoint))
        .join("")}</section>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>PortOS API ${escape(version)}</title><style>${css}</style></head><body>
<header><h1>PortOS API <small>${escape(version)}</small></h1><p>${count} calls. All of them answer JSON unless noted; writes need <code>Content-Type: application/json</code>. Every failure has the same shape: <code>{ "error": { code, message, hint?, correlationId, issues? } }</code>. Machine-readable: <a href="/api/openapi.json">openapi.json</a>.</p>
<nav aria-label="Features">${names.map((name) => `<a href="#${escape(name)}">${escape(name)}</a>`).join(" ")}</nav></header><main>${sections.join("")}</main></body></html>`;
}

function endpointHtml(id: string, endpoint: Endpoint): string {
  const parts: [string, Schema | undefined, "input" | "output"][] = [
    ["Path parameters", endpoint.params, "input"],
    ["Query", endpoint.query, "input"],
    ["Body", endpoint.method === "GET" ? undefined : endpoint.body, "input"],
    ["Reply", "raw" in endpoint.reply ? undefined : endpoint.reply, "output"],
  ];
  const raw = "raw" in endpoint.reply ? `<p>Replies with <code>${escape(endpoint.reply.raw)}</code>.</p>` : "";
  return `<article id="${escape(id)}"><h3><span class="m ${endpoint.method}">${endpoint.method}</span> <code>${escape(endpoint.path)}</code></h3><p>${escape(endpoint.summary)}. <code>${escape(id)}</code></p>${raw}${parts
    .map(([title, schema, io]) =>
      schema ? `<details><summary>${title}</summary><pre>${escape(describe(schema, io))}</pre></details>` : "",
    )
    .join("")}</article>`;
}

function describe(schema: Schema, io: "input" | "output"): string {
  const { $schema: _, ...json } = z.toJSONSchema(schema as unknown as z.ZodType, {
    io,
    unrepresentable: "any",
  }) as Record<string, unknown>;
  return JSON.stringify(json, null, 2);
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const css = `:root{color-scheme:light dark;--b:light-dark(#e3e5e9,#2c2f36);--s:light-dark(#f6f7f9,#17191d);--d:light-dark(#5b616b,#9aa1ac)}body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem;background:light-dark(#fff,#101215);color:light-dark(#16181d,#e6e8eb)}h1 small{color:var(--d);font-weight:400}nav{display:flex;flex-wrap:wrap;gap:.5rem}nav a{padding:.25rem .6rem;border:1px solid var(--b);border-radius:8px;text-decoration:none;color:inherit}h2{margin-top:2rem}article{border:1px solid var(--b);border-radius:8px;padding:.75rem 1rem;margin:.75rem 0}h3{font-size:14px;margin:0}article p{margin:.25rem 0;color:var(--d)}pre{background:var(--s);border-radius:8px;padding:.75rem;overflow:auto;font-size:12px}.m{display:inline-block;min-width:4rem}.GET{color:light-dark(#0b6b3a,#5fd19a)}.POST{color:light-dark(#1450a3,#7db2ff)}.PUT,.PATCH{color:light-dark(#8a5300,#f0b45c)}.DELETE{color:light-dark(#a3222f,#ff8f98)}a{color:light-dark(#1450a3,#7db2ff)}summary{cursor:pointer}`;
