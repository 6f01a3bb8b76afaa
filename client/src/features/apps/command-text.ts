/** A program and its arguments as one editable line; what a shell would take apart is quoted. */
export function formatCommand(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}

/** The reverse: words by spaces, quotes and backslashes as a shell takes them, and nothing else a shell does. */
export function parseCommand(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let hasWord = false;
  let quote = "";
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    if (quote === "" && /\s/.test(char)) {
      if (hasWord) words.push(word);
      word = "";
      hasWord = false;
      continue;
    }
    hasWord = true;
    if (char === quote) quote = "";
    else if (quote === "" && (char === '"' || char === "'")) quote = char;
    else if (char === "\\" && quote !== "'" && index + 1 < line.length) word += line.charAt(++index);
    else word += char;
  }
  return hasWord ? [...words, word] : words;
}

/** Signs that a line was meant for a shell, which none will see: "&&", "|", "$HOME", "*". `null` without one. */
export function shellSign(line: string): string | null {
  return /&&|\|\||[|;<>`]|\$[\w({]|\*/.exec(line.replaceAll(/'[^']*'/g, ""))?.[0] ?? null;
}

/** "3000, 3001" → ports; what is no port is `null`. */
export function parsePorts(text: string): number[] | null {
  const parts = text.split(/[\s,]+/).filter((part) => part !== "");
  const ports = parts.map(Number);
  return ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536) ? ports : null;
}
