import type { RawReply } from "../../../../contract/endpoint.ts";

/** What came of a sign-in, in words. */
export interface SignInEnd {
  isDone: boolean;
  /** It was done before this, which changed nothing. */
  isOld?: boolean;
  /** A sentence. */
  message: string;
  /** What to do now. */
  hint: string | null;
}

const style = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { max-width: 32rem; padding: 1.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.25rem; margin: 0 0 0.5rem; }
p { margin: 0 0 0.75rem; }
a { display: inline-block; margin-top: 0.25rem; padding: 0.6rem 1rem; border: 1px solid; border-radius: 0.5rem; color: inherit; text-decoration: none; }
a:focus-visible { outline: 2px solid Highlight; outline-offset: 2px; }
`;

/** The page the user comes back to. Nothing of it runs, and nothing on it but a link of ours leads anywhere. */
export function signInPage(
  { isDone, isOld = false, message, hint }: SignInEnd,
  connector: { id: string; title: string },
): RawReply {
  const { title } = connector;
  const heading = isDone ? `Signed in to ${title}${isOld ? " already" : ""}` : `Not signed in to ${title}`;
  const parts = [message, ...(hint === null ? [] : [hint])].map((text) => `<p>${escaped(text)}</p>`);
  const link = `<a href="/connectors/${encodeURIComponent(connector.id)}">Back to ${escaped(connector.title)}</a>`;
  const body = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(heading)} · PortOS</title><style>${style}</style></head>`,
    `<body><main><h1>${escaped(heading)}</h1>${parts.join("")}${link}</main></body></html>`,
  ];
  return {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy":
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "Referrer-Policy": "no-referrer",
    },
    body: body.join(""),
  };
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
