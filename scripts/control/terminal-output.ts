import { stripVTControlCharacters } from "node:util";

const isColoured = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;

/** Colours for the command line; plain text when the output is no terminal. */
export const style = {
  bold: paint(1),
  dim: paint(2),
  red: paint(31),
  green: paint(32),
  yellow: paint(33),
  cyan: paint(36),
};

function paint(code: number): (text: string) => string {
  return (text) => (isColoured ? `\u001B[${code}m${text}\u001B[0m` : text);
}

/** Writes one line for the user. */
export function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** Rows as columns; widths follow the longest cell, colours do not count. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, stripVTControlCharacters(cell).length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell + " ".repeat((widths[index] ?? 0) - stripVTControlCharacters(cell).length))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A time span in the largest two units: "3 d 4 h", "12 min", "8 s". */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Bytes in MB with one digit below ten. */
export function megabytes(bytes: number): string {
  const value = bytes / 1024 / 1024;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} MB`;
}
