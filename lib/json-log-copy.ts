import { errorCode, type Disk } from "./durable-file.ts";
import { linesForward, listLogFiles } from "./json-log-files.ts";

const maxLineBytes = 2 * 1024 * 1024;
const newline = Buffer.from("\n");

/**
 * All rows of a log as they are stored, oldest first, file behind file: what `verifyCopy` proves without the folder. Only reads, so
 * it may run beside the process that writes; an unfinished last row is left out, and so is a file that retention removes meanwhile.
 */
export async function* copyLog({ disk, directory }: { disk: Disk; directory: string }): AsyncGenerator<Buffer> {
  for (const { path } of await listLogFiles(disk, directory))
    try {
      for await (const { lines } of linesForward(disk, { path, from: 0, to: Infinity }, maxLineBytes))
        if (lines.length > 0) yield Buffer.concat(lines.flatMap(({ bytes }) => [bytes, newline]));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
}
