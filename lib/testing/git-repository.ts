import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { git } from "../processes/git-command.ts";

/** A repository in a new folder, with a branch `main` and, unless `files` is empty, one commit of these files. */
export async function makeRepository(folder: string, files: Record<string, string> = { "readme.md": "one\n" }) {
  await mkdir(folder, { recursive: true });
  await git(folder, ["init", "--quiet", "--initial-branch=main"]);
  await git(folder, ["config", "user.name", "Test"]);
  await git(folder, ["config", "user.email", "test@example.invalid"]);
  await writeFiles(folder, files);
  if (Object.keys(files).length > 0) await commitAll(folder, "first");
  return folder;
}

/** Writes files, with the folders they are in. */
export async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** Commits everything and answers with the commit's id. */
export async function commitAll(folder: string, message: string): Promise<string> {
  const who = { GIT_AUTHOR_NAME: "Test", GIT_AUTHOR_EMAIL: "test@example.invalid" };
  const env = { ...who, GIT_COMMITTER_NAME: "Test", GIT_COMMITTER_EMAIL: "test@example.invalid" };
  await git(folder, ["add", "--all"]);
  await git(folder, ["commit", "--quiet", "--message", message], { env });
  return (await git(folder, ["rev-parse", "HEAD"])).trim();
}
