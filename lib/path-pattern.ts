import { AppError } from "./app-error.ts";

/** The path of an endpoint ("/api/apps/:id"), ready to be matched. */
export interface PathPattern {
  expression: RegExp;
  names: string[];
}

/** Prepares the path of an endpoint; each `:name` stands for one part of an address. */
export function compilePath(path: string): PathPattern {
  const names: string[] = [];
  const source = path.replace(/:(\w+)/g, (_, name: string) => {
    names.push(name);
    return "([^/]+)";
  });
  return { expression: new RegExp(`^${source}$`), names };
}

/** The decoded parts by name, `null` when the path is another one. Throws `invalid_request` for a bad encoding. */
export function matchPath({ expression, names }: PathPattern, pathname: string): Record<string, string> | null {
  const match = expression.exec(pathname);
  if (!match) return null;
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? "")]));
  } catch (error) {
    throw new AppError("invalid_request", "The address is not validly encoded", { cause: error });
  }
}
