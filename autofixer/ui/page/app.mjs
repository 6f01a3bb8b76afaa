// The repair page: no library, no build, works while the panel's server is down.
const $ = (id) => document.getElementById(id);
const base = "/api/autofixer";
const pollMs = 3000;
/** Shape, word and colour of each state: never colour alone. */
const looks = {
  online: ["●", "online", "ok"],
  launching: ["◌", "launching", "warn", 1],
  stopping: ["◌", "stopping", "warn", 1],
  waiting: ["◔", "restarting soon", "warn", 1],
  stopped: ["■", "stopped", "dim"],
  errored: ["▲", "errored", "bad"],
  open: ["◔", "being restarted", "warn", 1],
  "gave-up": ["▲", "given up", "bad"],
  recovered: ["●", "recovered", "ok"],
  dismissed: ["■", "dismissed", "dim"],
};
const kinds = { own: "PortOS", app: "Apps", other: "Others" };
const ends = "Terminals and runs that are open end with it.";

function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

async function api(path, body) {
  const init = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(base + path, init);
  const json = await response.json();
  if (response.ok) return json;
  const { message, hint } = json.error;
  throw new Error([message, hint].filter(Boolean).join(". "));
}

function badge(status) {
  const [shape, word, tone, isMoving] = looks[status];
  return h(
    "span",
    { class: tone },
    h("span", { class: isMoving ? "moving" : "", "aria-hidden": "true" }, shape),
    ` ${word}`,
  );
}

function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  for (const [size, unit] of [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
  ])
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  return `${seconds} s`;
}

function many(count, one, ending = "s") {
  return `${count} ${one}${count === 1 ? "" : ending}`;
}

function ago(time) {
  return h(
    "time",
    { datetime: time, title: new Date(time).toLocaleString() },
    `${span(Date.now() - Date.parse(time))} ago`,
  );
}

/** Draws a part only when its data or an age in it changed, and gives the focus back to the button that had it. */
const drawn = {};
function draw(id, data, build) {
  const text = JSON.stringify([data, Math.floor(Date.now() / 10_000)]);
  if (drawn[id] === text) return;
  drawn[id] = text;
  const focused = document.activeElement?.getAttribute("aria-label");
  $(id).replaceChildren(...build(data));
  if (focused && document.activeElement === document.body)
    [...$(id).querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === focused)?.focus();
}

function button(label, subject, work, more) {
  return h(
    "button",
    { ...more, "aria-label": `${label} ${subject}`, onclick: (event) => run(event.currentTarget, work) },
    label,
  );
}

async function run(target, work) {
  target.disabled = true;
  try {
    await work();
  } catch (error) {
    banner(error.message, true);
  }
  target.disabled = false;
  await refresh();
}

let note = null;
function banner(text, isBad) {
  note = text && { text, isBad, until: Date.now() + 10000 };
  show();
}

function show(standing) {
  if (note && note.until < Date.now()) note = null;
  const shown = note ?? standing;
  $("banner").hidden = !shown;
  $("banner").textContent = shown?.text ?? "";
  $("banner").className = shown?.isBad ? "bad" : "";
}

function ask(text, yes) {
  $("ask-text").textContent = text;
  $("ask-yes").textContent = yes;
  $("ask").returnValue = "";
  $("ask").showModal();
  return new Promise((resolve) => {
    $("ask").addEventListener("close", () => resolve($("ask").returnValue === "yes"), { once: true });
  });
}

async function act(process, action) {
  const { home, pmId, name } = process;
  if (
    name === "portos-cos" &&
    action !== "start" &&
    !(await ask(`${action === "stop" ? "Stop" : "Restart"} portos-cos? ${ends}`, "Go on"))
  )
    return;
  await api(`/processes/${home}/${pmId}/${action}`, { name });
}

function processRow(process) {
  const { name, status, memoryBytes, onlineSince, restarts, exitCode } = process;
  const isUp = !["stopped", "errored"].includes(status);
  const facts = [
    isUp && memoryBytes ? `${Math.round(memoryBytes / 1048576)} MB` : null,
    onlineSince ? `up ${span(Date.now() - Date.parse(onlineSince))}` : null,
    restarts ? many(restarts, "restart") : null,
    !isUp && exitCode ? `exit code ${exitCode}` : null,
  ];
  return h(
    "div",
    { class: "row" },
    h("span", { class: "name" }, name),
    badge(status),
    h("span", { class: "facts" }, facts.filter(Boolean).join(" · ")),
    h(
      "span",
      { class: "actions" },
      button("Log", name, () => openLog(process)),
      button(isUp ? "Restart" : "Start", name, () => act(process, isUp ? "restart" : "start")),
      isUp ? button("Stop", name, () => act(process, "stop")) : null,
    ),
  );
}

function processList({ items }) {
  const groups = Object.keys(kinds)
    .map((kind) => items.filter((one) => one.kind === kind))
    .filter((group) => group.length);
  if (!groups.length) return [h("p", { class: "quiet" }, "PM2 runs nothing.")];
  return [
    h(
      "div",
      { class: "list" },
      ...groups.flatMap((group) => [h("h3", {}, kinds[group[0].kind]), ...group.map(processRow)]),
    ),
  ];
}

function exitText({ code, signal }) {
  return signal ? `killed by ${signal}` : `exit code ${code ?? "unknown"}`;
}

function incidentCard(incident) {
  const { id, status, process, reason, exit, crashes, nextAttemptAt } = incident;
  const wait = nextAttemptAt ? ` In ${span(Date.parse(nextAttemptAt) - Date.now())}.` : "";
  return h(
    "article",
    { class: "card" },
    h(
      "div",
      { class: "top" },
      h("span", { class: "name" }, process.name),
      badge(status),
      h("span", { class: "facts" }, `${exitText(exit)} · ${many(crashes, "crash", "es")} · `, ago(exit.at)),
    ),
    h("p", {}, reason + wait),
    h(
      "div",
      { class: "actions" },
      button("Restart now", process.name, () => api(`/incidents/${id}/retry`, {})),
      button("What happened", process.name, () => openIncident(id)),
      button("Dismiss", process.name, () => api(`/incidents/${id}/dismiss`, {})),
    ),
  );
}

function settledRow({ id, process, status, reason, closedAt }) {
  return h(
    "div",
    { class: "row" },
    h("span", {}, h("span", { class: "name" }, process.name), h("br"), h("span", { class: "dim" }, reason)),
    badge(status),
    h("span", { class: "facts" }, ago(closedAt)),
    h(
      "span",
      { class: "actions" },
      button("What happened", process.name, () => openIncident(id)),
    ),
  );
}

/** PM2 writes times in UTC; shown as the local time of day. */
function logText(lines) {
  return lines.map((line) => line.replace(/^(\d{4}-\d\d-\d\dT[\d:.]{8,12}Z): /, localTime)).join("\n");
}

function localTime(_, time) {
  return `${new Date(time).toLocaleTimeString([], { hour12: false })} `;
}

let follow = null;
function openSheet(title, actions, body) {
  $("sheet-title").textContent = title;
  $("sheet-actions").replaceChildren(...actions);
  $("sheet-body").replaceChildren(...body);
  if (!$("sheet").open) $("sheet").showModal();
}

async function openLog(process) {
  const text = h("pre", { tabindex: "0", "aria-label": `Log of ${process.name}` }, "Loading…");
  openSheet(process.name, [button("Restart", process.name, () => act(process, "restart"))], [text]);
  follow = async () => {
    const { lines } = await api(`/processes/${process.home}/${process.pmId}/log?lines=200`);
    const isAtEnd = text.scrollTop + text.clientHeight > text.scrollHeight - 30;
    const next = logText(lines) || "It has written nothing yet.";
    if (text.textContent === next) return;
    text.textContent = next;
    if (isAtEnd) text.scrollTop = text.scrollHeight;
  };
  await follow();
}

async function openIncident(id) {
  const { process, exit, reason, changes, lines } = await api(`/incidents/${id}`);
  const text = h("pre", { tabindex: "0", "aria-label": "Last lines" }, logText(lines) || "It wrote nothing.");
  const edited = (changes?.files ?? []).filter((file) => file.isEditedSince);
  const changed = [...(changes?.commits ?? []), ...edited.map((file) => `edited  ${file.path}`)];
  follow = null;
  openSheet(
    process.name,
    [],
    [
      h("p", {}, reason),
      h("p", { class: "dim" }, `${exitText(exit)} · `, ago(exit.at)),
      changes && h("p", { class: "dim" }, changesText(changes)),
      changed.length ? h("pre", {}, changed.join("\n")) : null,
      text,
    ].filter(Boolean),
  );
  text.scrollTop = text.scrollHeight;
}

function changesText({ ranWell, commits, files }) {
  if (!ranWell) return "It was not seen running well before.";
  const edited = files.filter((file) => file.isEditedSince).length;
  if (!commits.length && !edited) return "Nothing changed in git since it last ran well.";
  return `Changed since it last ran well: ${many(commits.length, "commit")}, ${many(edited, "edited file")}.`;
}

let timer;
async function refresh() {
  clearTimeout(timer);
  try {
    const list = await api("/processes");
    draw("processes", list, processList);
    const isPm2Up = list.homes.find(({ home }) => home === "portos")?.isUp;
    if (list.isAutofixerUp) {
      const { items } = await api("/incidents?limit=10");
      draw(
        "needs",
        items.filter(({ closedAt }) => !closedAt),
        (all) => (all.length ? all.map(incidentCard) : [h("p", { class: "quiet" }, "Nothing waits for you.")]),
      );
      draw(
        "settled",
        items.filter(({ closedAt }) => closedAt),
        (all) =>
          all.length
            ? [h("div", { class: "list" }, ...all.map(settledRow))]
            : [h("p", { class: "quiet" }, "No process has crashed so far.")],
      );
    }
    if (follow && $("sheet").open) await follow();
    $("live").textContent = "live";
    $("live").className = "on";
    if (!isPm2Up) show({ text: "PM2 is not running. Run “npm start” in the folder of PortOS.", isBad: true });
    else if (!list.isAutofixerUp)
      show({
        text: "portos-autofixer does not answer: incidents are as of before, processes come from PM2 itself. Restart it below.",
      });
    else show();
  } catch (error) {
    $("live").textContent = "reconnecting";
    $("live").className = "";
    show({ text: `This page cannot reach its process (${error.message}). What you see is from before.`, isBad: true });
  }
  timer = setTimeout(() => void refresh(), pollMs);
}

$("panel").href =
  `${location.protocol}//${location.hostname}:${document.querySelector('meta[name="panel-port"]').content}/`;
$("sheet-close").addEventListener("click", () => $("sheet").close());
$("sheet").addEventListener("close", () => {
  follow = null;
});
$("ask-no").addEventListener("click", () => $("ask").close());
$("ask-yes").addEventListener("click", () => $("ask").close("yes"));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else void refresh();
});
void refresh();
