import { createObservable } from "../lib/observable.ts";

/** A question before something that cannot be undone. */
export interface Confirmation {
  /** Names the thing: "Delete backup of Nov 21, 14:02?". */
  readonly title: string;
  /** What will be gone, in one sentence. */
  readonly text: string;
  /** Label of the dangerous button: "Delete". */
  readonly confirmLabel: string;
  /** Label of the safe button, which has the focus. */
  readonly cancelLabel?: string;
  readonly answer: (isConfirmed: boolean) => void;
}

/** The question on screen. */
export const openConfirmation = createObservable<Confirmation | null>(null);

/** Asks once, safe button focused. Use it only where no undo is possible. */
export function confirmDangerous(question: Omit<Confirmation, "answer">): Promise<boolean> {
  openConfirmation.get()?.answer(false);
  return new Promise((resolve) => {
    openConfirmation.set({
      ...question,
      answer: (isConfirmed) => {
        openConfirmation.set(null);
        resolve(isConfirmed);
      },
    });
  });
}
