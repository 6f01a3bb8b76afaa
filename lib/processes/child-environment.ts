import inherited from "./inherited-variables.json" with { type: "json" };

const inheritedPattern = /^(?:LC_|XDG_)[A-Z_]+$/;

/**
 * The environment of a process that is not ours: an allow-list of the machine's own settings (where programs, homes,
 * locales and the display are; nothing that can hold a secret of ours), then `extra`.
 * PM2's variables, `PORTOS_*`, `NODE_ENV`, `PORT` and everything else a shell or PM2 handed us stay behind.
 */
export function childEnvironment(
  extra: Record<string, string> = {},
  source: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const result: Record<string, string> = {};
  const names = [...inherited, ...Object.keys(source).filter((name) => inheritedPattern.test(name))];
  for (const name of names) {
    const value = source[name];
    if (value !== undefined && value !== "") result[name] = value;
  }
  return { ...result, ...extra };
}
