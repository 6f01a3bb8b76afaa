import { AppError } from "../../../lib/app-error.ts";
import { openFolder, type FolderReader } from "../../../lib/folder-reader.ts";

/** The real folder a process runs in. Throws `conflict` naming the field when it is missing or a link leads out of the app's folder. */
export async function enterWorkingFolder(folder: FolderReader, cwd: string): Promise<string> {
  try {
    return await folder.enter(cwd);
  } catch (cause) {
    if (!isLeadingOut(cause)) throw new AppError("conflict", `The folder ${cwd} is missing in the project`, { cause });
    throw new AppError("conflict", `cwd: ${cwd} is a link that leads out of the app's folder`, {
      hint: insideHint,
      cause,
    });
  }
}

const insideHint =
  "A process runs inside its app's folder. Choose another folder, or register the other one as an app.";

/**
 * Refuses processes whose folder leads out of the app's by a link. Throws `invalid_request` naming each field and the
 * rule. A folder that is not there yet may come later.
 */
export async function checkWorkingFolders(root: string, processes: readonly { cwd: string }[]): Promise<void> {
  const folder = await openFolder(root).catch(() => null);
  if (folder === null) return; // the app says so itself
  const looked = await Promise.all(processes.map(({ cwd }) => folder.enter(cwd).then(() => false, isLeadingOut)));
  const issues = processes.flatMap((_, index) =>
    looked[index] === true
      ? [{ path: `body.processes.${index}.cwd`, message: "leads out of the app's folder by a link" }]
      : [],
  );
  if (issues.length === 0) return;
  const [first] = issues;
  throw new AppError("invalid_request", `${first?.path ?? "cwd"} ${first?.message ?? ""}`, {
    issues,
    hint: insideHint,
  });
}

function isLeadingOut(error: unknown): boolean {
  return error instanceof AppError && error.code === "forbidden";
}
