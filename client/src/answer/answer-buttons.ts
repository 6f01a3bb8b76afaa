import type { Approval } from "../../../contract/features/approvals.ts";
import { furtherText } from "../lib/approval-text.ts";
import type { AnswerInput } from "./approval-calls.ts";
import { element } from "./dom.ts";

/** All answers one can give. `answer` resolves when the page has been drawn anew, or not at all. */
export function answerButtons(approval: Approval, answer: (input: AnswerInput) => Promise<void>): HTMLElement {
  const box = element("div", { className: "answers" });
  const once = { scope: "once", reason: null } as const;

  function button(label: string, input: AnswerInput | (() => void), className = "", detail = ""): HTMLButtonElement {
    const made = element("button", { type: "button", className });
    made.append(detail === "" ? label : element("span", {}, label, element("br"), element("small", {}, detail)));
    made.addEventListener("click", () => {
      if (typeof input === "function") input();
      else send(input);
    });
    return made;
  }

  function send(input: AnswerInput): void {
    for (const one of box.querySelectorAll("button")) one.disabled = true;
    void answer(input).finally(() => {
      for (const one of box.querySelectorAll("button")) one.disabled = false;
    });
  }

  function showChoices(): void {
    box.replaceChildren(
      button("Deny", { answer: "deny", ...once }),
      button("Allow once", { answer: "allow", ...once }, "allow"),
      ...further(),
      button("Deny with a reason", showReason, "wide"),
    );
  }

  /** What an answer that reaches further lets through is said on the button. */
  function further(): HTMLElement[] {
    const kind = furtherText(approval);
    if (kind === null) return [];
    return [
      button("Allow for this run", { answer: "allow", scope: "run", reason: null }, "", kind),
      button("Allow 30 min here", { answer: "allow", scope: "here", reason: null }, "", kind),
    ];
  }

  function showReason(): void {
    const text = element("textarea", {
      maxLength: 2_000,
      ariaLabel: "Why not? Whoever asked is told",
      placeholder: "Why not? Whoever asked is told.",
    });
    const say = (): void => {
      send({ answer: "deny", scope: "once", reason: text.value.trim() === "" ? null : text.value.trim() });
    };
    box.replaceChildren(
      element("div", { className: "wide" }, text),
      button("Back", showChoices),
      button("Deny and say so", say),
    );
    text.focus();
  }

  showChoices();
  return box;
}
