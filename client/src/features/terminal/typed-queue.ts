/** Keeps what is typed in its order while the PIN is asked for. */
export interface TypedQueue<T> {
  /** Sends `typed`, or keeps it while earlier text waits for the PIN. */
  type(typed: T): void;
}

interface Kept<T> {
  order: number;
  typed: T;
}

/**
 * `send` tells by `onRefused` that the PIN is wanted; `unlock` asks for it. What was refused, and what was typed
 * meanwhile, is sent once the PIN is right; a rejected `unlock` (the sheet was closed) drops it.
 */
export function createTypedQueue<T>(
  send: (typed: T, onRefused: () => void) => void,
  unlock: () => Promise<void>,
): TypedQueue<T> {
  let order = 0;
  let kept: Kept<T>[] = [];

  function keep(one: Kept<T>): void {
    kept.push(one);
    if (kept.length === 1) void sendAgain();
  }

  function dispatch(one: Kept<T>): void {
    send(one.typed, () => {
      keep(one);
    });
  }

  async function sendAgain(): Promise<void> {
    const isOpen = await unlock().then(
      () => true,
      () => false,
    );
    const all = kept;
    kept = [];
    // Refusals of what was sent together arrive after text that was typed later.
    if (isOpen) for (const one of all.toSorted((a, b) => a.order - b.order)) dispatch(one);
  }

  return {
    type(typed) {
      order += 1;
      const one = { order, typed };
      if (kept.length > 0) keep(one);
      else dispatch(one);
    },
  };
}
