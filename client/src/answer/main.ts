import { approvalTitle } from "../../../contract/approval-title.ts";
import type { Approval } from "../../../contract/features/approvals.ts";
import { timeLeft } from "../lib/approval-text.ts";
import { formatClock } from "../lib/time.ts";
import { answerButtons } from "./answer-buttons.ts";
import { answerApproval, readApproval, waitingIds, type AnswerInput } from "./approval-calls.ts";
import { element } from "./dom.ts";
import { lastShown, rememberShown } from "./last-shown.ts";
import { questionView } from "./question-view.ts";
import { settledView } from "./state-view.ts";

/*
 * One question on a page of its own: no router, no socket, nothing to load but this, so that it opens on one bar. What is
 * shown is what is answered: the answer carries the hash of it.
 */
const id = location.pathname.split("/")[2] ?? "";
const main = document.querySelector("main") ?? document.body;
const line = document.querySelector<HTMLElement>("#line") ?? document.body;
const pollMs = 3_000;

let shown: Approval | null = null;
let isOffline = false;
let asOf = 0;
let isAnswering = false;

function say(text: string, isWarning = false): void {
  if (line.textContent === text) return;
  line.textContent = text;
  line.dataset["tone"] = isWarning ? "warn" : "";
}

function tick(): void {
  if (isOffline) say(asOf === 0 ? "Offline" : `Offline, as of ${formatClock(asOf)}`, true);
  else if (shown?.state === "pending") say(timeLeft(shown.expiresAt, Date.now()));
  else say("");
}

/** Draws anew only when something has changed: nothing moves under a thumb. */
function show(approval: Approval): void {
  const isSame = JSON.stringify(approval) === JSON.stringify(shown);
  shown = approval;
  rememberShown(approval);
  tick();
  if (isSame) return;
  document.title = `${approvalTitle(approval)} · PortOS`;
  const rest =
    approval.state === "pending" ? answerButtons(approval, (input) => send(approval, input)) : settledView(approval);
  main.replaceChildren(...(approval.state === "pending" ? [] : [rest]), ...questionView(approval));
  if (approval.state === "pending") main.append(rest);
  else void offerNext();
  main.ariaBusy = "false";
}

async function send(approval: Approval, input: AnswerInput): Promise<void> {
  isAnswering = true;
  const outcome = await answerApproval(approval, input);
  isAnswering = false;
  if (outcome?.ok === true) show(outcome.value);
  else {
    complain(outcome === null ? "PortOS cannot be reached. Nothing was answered; try again." : outcome.message);
    await refresh();
  }
}

function complain(text: string): void {
  main.querySelector(".problem")?.remove();
  const note = element(
    "p",
    { className: "note problem", tone: "bad", role: "alert" },
    element("b", {}, "Not answered"),
    text,
  );
  const box = main.querySelector(".answers");
  if (box) box.before(note);
  else main.prepend(note);
}

async function offerNext(): Promise<void> {
  const others = (await waitingIds()).filter((other) => other !== id);
  const [next] = others;
  if (next === undefined || shown?.state === "pending") return;
  const text = others.length === 1 ? "One more question waits" : `${String(others.length)} more questions wait`;
  main.querySelector(".note")?.after(element("a", { className: "button", href: `/a/${next}` }, text));
}

async function refresh(): Promise<void> {
  const outcome = await readApproval(id);
  isOffline = outcome === null;
  if (outcome?.ok === true) {
    asOf = Date.now();
    show(outcome.value);
  } else if (outcome !== null && shown === null) {
    main.ariaBusy = "false";
    main.replaceChildren(
      element("h1", {}, outcome.message),
      element("p", { className: "dim" }, "It may be older than the history that is kept."),
      element("a", { className: "button", href: "/approvals" }, "Show all questions"),
    );
  } else if (shown === null) showKept();
  tick();
}

/** Without a network: what was here the last time. */
function showKept(): void {
  const kept = lastShown(id);
  main.ariaBusy = "false";
  if (kept) {
    asOf = kept.at;
    show(kept.approval);
    return;
  }
  main.replaceChildren(
    element("h1", {}, "PortOS cannot be reached"),
    element("p", { className: "dim" }, "This page tries again by itself. Check that this device is online."),
  );
}

function poll(): void {
  const isOver = shown !== null && shown.state !== "pending" && shown.isDelivered;
  if (document.visibilityState === "visible" && !isAnswering && !isOver) void refresh();
}

/** The page that opens the panel sets the scheme once; here it follows the system while the page stays open. */
const light = matchMedia("(prefers-color-scheme: light)");
light.addEventListener("change", () => {
  document.documentElement.dataset["mantineColorScheme"] = light.matches ? "light" : "dark";
});

setInterval(tick, 1_000);
setInterval(poll, pollMs);
addEventListener("online", poll);
document.addEventListener("visibilitychange", poll);
void refresh();
