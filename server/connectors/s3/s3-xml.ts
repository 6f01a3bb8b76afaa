import { GatewayError } from "../framework/gateway-error.ts";

/** One element of a store's reply. */
export interface XmlElement {
  readonly name: string;
  /** Of the first child with this name, with its ends trimmed; `null` without one. */
  text(name: string): string | null;
  all(name: string): XmlElement[];
}

/** What of the library's elements is used. */
interface Node {
  localName: string;
  textContent: string | null;
  children: Iterable<Node>;
}

/** The outermost element of a document. Throws `reply_invalid` for what is no XML, or has another one than is expected. */
export async function readXml(text: string, expected: string): Promise<XmlElement> {
  const root = await findRoot(text);
  if (root?.name === expected) return root;
  throw new GatewayError("reply_invalid", `The store answered with something that is no ${expected}`, {
    hint: "Check the address in the configuration; it may lead to a page for people.",
    isFinal: true,
  });
}

/** As `readXml`; `null` for what is something else. */
export async function findRoot(text: string): Promise<XmlElement | null> {
  if (!/^\s*(?:\ufeff)?<(?:\?xml|[A-Za-z])/.test(text)) return null;
  const { DOMParser } = await import("linkedom"); // heavy, and rarely used
  const document = new DOMParser().parseFromString(text, "text/xml") as unknown as { documentElement: Node | null };
  return document.documentElement === null ? null : toElement(document.documentElement);
}

function toElement(node: Node): XmlElement {
  const named = (name: string): Node[] => [...node.children].filter(({ localName }) => localName === name);
  return {
    name: node.localName,
    text: (name) => named(name)[0]?.textContent?.trim() ?? null,
    all: (name) => named(name).map(toElement),
  };
}
