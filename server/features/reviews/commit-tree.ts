import { git, runGit, type GitPlace } from "../../../lib/processes/git-command.ts";

/** Who a commit is by. */
export interface Identity {
  name: string;
  email: string;
}

/** Who commits when the user has told git no name. */
export const panelIdentity: Identity = { name: "PortOS", email: "portos@localhost" };

/** The user as git knows them in a repository, else PortOS itself. */
export async function identityIn(place: GitPlace): Promise<Identity> {
  const [name, email] = await Promise.all([setting(place, "user.name"), setting(place, "user.email")]);
  return name !== "" && email !== "" ? { name, email } : panelIdentity;
}

interface NewCommit {
  tree: string;
  parents: readonly string[];
  message: string;
  who: Identity;
  /** Seconds since 1970; now when left out. The same input at the same time makes the same commit. */
  at?: number;
}

/** Writes a commit that no branch points to yet, and answers its id. */
export async function commitTree(place: GitPlace, { tree, parents, message, who, at }: NewCommit): Promise<string> {
  const date = at === undefined ? {} : { GIT_AUTHOR_DATE: `@${at} +0000`, GIT_COMMITTER_DATE: `@${at} +0000` };
  const written = await git(place, ["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent]), "-F", "-"], {
    input: message.endsWith("\n") ? message : `${message}\n`,
    env: {
      GIT_AUTHOR_NAME: who.name,
      GIT_AUTHOR_EMAIL: who.email,
      GIT_COMMITTER_NAME: who.name,
      GIT_COMMITTER_EMAIL: who.email,
      ...date,
    },
  });
  return written.trim();
}

async function setting(place: GitPlace, name: string): Promise<string> {
  const reply = await runGit(place, ["config", "--get", name]);
  return reply.code === 0 ? reply.stdout.trim() : "";
}
