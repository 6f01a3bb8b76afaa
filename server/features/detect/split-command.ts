/** A command line taken apart: variables before it, program and arguments. */
export interface SplitCommand {
  environment: Record<string, string>;
  /** Empty when the line needs a shell. */
  command: string[];
  /** The shell feature in the way, in words; `null` when there is none. */
  needs: string | null;
}

const operators: readonly [RegExp, string][] = [
  [/^(?:&&|\|\||[|&;])/, "several commands in one line"],
  [/^[<>]/, "a redirection"],
  [/^`|^\$\(/, "command substitution"],
];

/**
 * Takes apart a command line as a POSIX shell would, quotes and escapes included, without ever running one. `$NAME` is
 * replaced from `variables`; an unknown one, a pattern or an operator needs a real shell, which `needs` says.
 */
export function splitCommand(line: string, variables: Record<string, string> = {}): SplitCommand {
  const words: string[] = [];
  let word = "";
  let hasWord = false;
  let quote: "'" | '"' | null = null;

  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    const rest = line.slice(index);
    if (quote === "'") {
      if (char === "'") quote = null;
      else word += char;
      continue;
    }
    if (char === "\\") {
      word += line.charAt(++index);
      hasWord = true;
      continue;
    }
    if (char === '"' || (char === "'" && quote === null)) {
      quote = quote === null ? char : null;
      hasWord = true;
      continue;
    }
    if (/^(?:`|\$\()/.test(rest)) return refuse("command substitution");
    const variable = /^\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/.exec(rest);
    if (variable) {
      const value = variables[variable[1] ?? variable[3] ?? ""] ?? variable[2];
      if (value === undefined) return refuse(`the variable ${variable[0]}`);
      word += value;
      hasWord = true;
      index += variable[0].length - 1;
      continue;
    }
    if (quote === null) {
      const operator = operators.find(([pattern]) => pattern.test(rest));
      if (operator) return refuse(operator[1]);
      if (/[*?[\]{}~]/.test(char) && (char !== "~" || !hasWord)) return refuse("a pattern of file names");
      if (char === "#" && !hasWord) break;
      if (/\s/.test(char)) {
        if (hasWord) words.push(word);
        word = "";
        hasWord = false;
        continue;
      }
    }
    word += char;
    hasWord = true;
  }
  if (quote !== null) return refuse("a closing quote");
  if (hasWord) words.push(word);
  return withEnvironment(words);
}

function withEnvironment(words: string[]): SplitCommand {
  const environment: Record<string, string> = {};
  const rest = [...words];
  if (rest[0] === "env" || rest[0] === "cross-env" || rest[0] === "exec") rest.shift();
  for (;;) {
    const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(rest[0] ?? "");
    if (match?.[1] === undefined) break;
    environment[match[1]] = match[2] ?? "";
    rest.shift();
  }
  if (rest.length === 0) return { environment, command: [], needs: "a program" };
  return { environment, command: rest, needs: null };
}

function refuse(needs: string): SplitCommand {
  return { environment: {}, command: [], needs };
}
