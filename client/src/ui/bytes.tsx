import { formatBytes } from "../lib/format.ts";

/** A size in figures of equal width; the exact number is its title. */
export function Bytes({ value }: { value: number }) {
  return (
    <span className="tabular" title={`${value.toLocaleString("en")} bytes`}>
      {formatBytes(value)}
    </span>
  );
}
