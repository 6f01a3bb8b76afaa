import { maxWaitingInputBytes } from "./program.ts";

export interface PacedInput {
  write(bytes: Uint8Array): boolean;
  stop(): void;
}

const pieceBytes = 4096;
const retryMs = { first: 4, most: 64 };

/**
 * Feeds input to a descriptor that may refuse it: in pieces, one per turn of the event loop, with a growing pause while
 * the program does not read. `tryWrite` returns how many bytes were taken, 0 when none can be now.
 */
export function createPacedInput(tryWrite: (bytes: Uint8Array) => number): PacedInput {
  const queue: Uint8Array[] = [];
  let waiting = 0;
  let pauseMs = retryMs.first;
  let timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  let isStopped = false;

  function pump(): void {
    timer = null;
    const [first] = queue;
    if (!first || isStopped) return;
    const taken = tryWrite(first.subarray(0, pieceBytes));
    waiting -= taken;
    if (taken === first.length) queue.shift();
    else queue[0] = first.subarray(taken);
    if (queue.length === 0) return;
    if (taken > 0) {
      pauseMs = retryMs.first;
      timer = setImmediate(pump);
      return;
    }
    timer = setTimeout(pump, pauseMs);
    pauseMs = Math.min(pauseMs * 2, retryMs.most);
  }

  return {
    write(bytes) {
      if (isStopped || waiting + bytes.length > maxWaitingInputBytes) return false;
      if (bytes.length === 0) return true;
      queue.push(bytes);
      waiting += bytes.length;
      if (!timer) pump();
      return true;
    },
    stop() {
      isStopped = true;
      queue.length = 0;
      if (timer) {
        clearTimeout(timer as NodeJS.Timeout);
        clearImmediate(timer as NodeJS.Immediate);
      }
    },
  };
}
