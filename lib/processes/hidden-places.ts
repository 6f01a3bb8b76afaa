import { realpathSync, statSync } from "node:fs";

/** Places in the home folder that hold secrets, other programs' doors, or what is typed: not there in a sandbox. */
export const hiddenInHome: readonly string[] = [
  ".aws",
  ".azure",
  ".bash_history",
  ".config/BraveSoftware",
  ".config/chromium",
  ".config/containers",
  ".config/gcloud",
  ".config/gh",
  ".config/git/credentials",
  ".config/glab-cli",
  ".config/google-chrome",
  ".config/op",
  ".config/rclone",
  ".config/sops",
  ".docker",
  ".git-credentials",
  ".gnupg",
  ".kube",
  ".local/share/fish/fish_history",
  ".local/share/keyrings",
  ".mozilla",
  ".my.cnf",
  ".netrc",
  ".npmrc",
  ".password-store",
  ".pgpass",
  ".pm2",
  ".psql_history",
  ".pypirc",
  ".python_history",
  ".ssh",
  ".terraform.d",
  ".thunderbird",
  ".vault-token",
  ".yarnrc.yml",
  ".zsh_history",
];

/** Arguments of bubblewrap for an empty place instead of a folder, an empty file instead of a file; nothing for what is not there. */
export function hidePlace(path: string): string[] {
  try {
    const real = realpathSync(path);
    return statSync(real).isDirectory() ? ["--tmpfs", real] : ["--ro-bind", "/dev/null", real];
  } catch {
    return []; // not there: nothing to hide
  }
}
