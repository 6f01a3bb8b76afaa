/** A text without the folder everything in it lies in: "Edit /home/ada/blog/src/a.ts" → "Edit src/a.ts". */
export function withoutFolder(text: string, folder: string): string {
  const root = folder.replace(/\/+$/, "");
  return root === "" ? text : text.replaceAll(`${root}/`, "");
}
