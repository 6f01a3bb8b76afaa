export interface ImportRules {
  zones: Record<string, { files: string[]; mayImport: string[]; packages?: string[] }>;
  onlyTypes: { from: string; to: string; except: string[]; why: string }[];
  homes: { module: string; files: string[]; why: string }[];
  features: string[];
}

export interface ImportViolation {
  file: string;
  line: number;
  message: string;
}

export function findViolations(root: string, rules: ImportRules): ImportViolation[];
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][];
