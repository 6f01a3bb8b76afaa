/** Names a child may take over from us: where programs, homes, locales and the display are. Nothing that can hold a secret of ours. */
const inherited = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TERM",
  "TMPDIR",
  "EDITOR",
  "VISUAL",
  "PAGER",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "DBUS_SESSION_BUS_ADDRESS",
  "SSH_AUTH_SOCK",
  "NVM_DIR",
  "NVM_BIN",
  "VOLTA_HOME",
  "FNM_DIR",
  "FNM_MULTISHELL_PATH",
  "ASDF_DIR",
  "ASDF_DATA_DIR",
  "PNPM_HOME",
  "BUN_INSTALL",
  "DENO_INSTALL",
  "CARGO_HOME",
  "RUSTUP_HOME",
  "GOPATH",
  "GOROOT",
  "JAVA_HOME",
  "PYENV_ROOT",
  "RBENV_ROOT",
  "HOMEBREW_PREFIX",
  "HOMEBREW_CELLAR",
  "HOMEBREW_REPOSITORY",
  "SystemRoot",
] as const;

const inheritedPattern = /^(?:LC_|XDG_)[A-Z_]+$/;

/**
 * The environment of a process that is not ours: an allow-list of the machine's own settings, then `extra`.
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
