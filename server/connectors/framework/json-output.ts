/** What an operation gave as JSON has it: bytes become base64. */
export function jsonOutput(output: unknown): unknown {
  const text = JSON.stringify(output ?? null, (_name, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
  return JSON.parse(text) as unknown;
}
