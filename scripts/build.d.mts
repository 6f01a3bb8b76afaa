export function build(options?: {
  only?: string[];
  isForced?: boolean;
  log?: (line: string) => void;
}): Promise<string[]>;
