import { isRecord } from "../../ui/schema-form/schema-values.ts";

/** A file within a result. */
export interface HeldFile {
  readonly name: string;
  readonly type: string;
  readonly base64: string;
}

/** The file a result holds; `null` when it holds none, or one that is empty. */
export function heldFileOf(output: unknown): HeldFile | null {
  if (!isRecord(output)) return null;
  const { name, base64, contentType } = output;
  if (typeof base64 !== "string" || base64 === "" || typeof name !== "string") return null;
  return { name, type: typeof contentType === "string" ? contentType : "application/octet-stream", base64 };
}

/** Its bytes; `null` when they are not in base64 after all. */
export function bytesOf({ base64 }: Pick<HeldFile, "base64">): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  } catch {
    return null; // cut or changed on its way
  }
}

/** How many bytes it has, without reading it. */
export function sizeOf({ base64 }: Pick<HeldFile, "base64">): number {
  return Math.floor((base64.replace(/=+$/, "").length * 3) / 4);
}
