// The live page: sign in, follow the record, look into a run, stop or revoke; products, privacy accounts, what waits for reviewers,
// retrievals of evidence.

import { ask, isSignedIn, keep, Refused } from "./interface.js";
import { showPrivacy } from "./privacy.js";
import { showProducts } from "./products.js";
import { showQueue } from "./queue.js";
import { Tail } from "./record.js";
import { showRetrievals } from "./retrievals.js";
import { showRun } from "./run.js";
import { element, short } from "./shape.js";
import { Views } from "./views.js";
import { current, say, speak, switchLanguage } from "./words.js";

const STANDING_MS = 2000;
const RUN_MS = 1500;

const place = (id) => document.getElementById(id);
const tail = new Tail({ openRun, onState: streamState });
const names = new Map();
const nameOf = (organisation) => names.get(organisation) ?? short(organisation);
const views = new Views({
  products: () => showProducts({ nameOf, openRun }),
  queue: () => showQueue({ nameOf, openRun }),
  privacy: showPrivacy,
  retrievals,
}, leaveIfSignedOut);
let opened = null;
let standing = null;

function streamState(state) {
  const shown = place("stream-state");
  shown.textContent = say(state);
  shown.className = state === "live" ? "good" : state === "paused" || state === "connecting" ? "" : "bad";
}

async function enter() {
  place("entrance").hidden = true;
  const account = await ask("/me");
  place("who").textContent = account.name;
  for (const id of ["desk", "standing", "sign-out"]) place(id).hidden = false;
  await nameOperators();
  watchStanding();
  views.offer(account);
  tail.begin(filters()).catch(leaveIfSignedOut);
}

function leave() {
  keep(null);
  tail.end();
  views.end();
  clearTimeout(standing);
  closeRun();
  for (const id of ["desk", "standing", "sign-out"]) place(id).hidden = true;
  place("who").textContent = "";
  place("entrance").hidden = false;
  place("sign-in").elements.account.focus();
}

function leaveIfSignedOut(error) {
  if (error instanceof Refused && error.status === 401) leave();
}

function retrievals() {
  const then = (title, about, path) => act(title, about, path, retrievals, "retrievals-failure");
  return showRetrievals({ nameOf, act: then });
}

async function nameOperators() {
  const select = place("filters").elements.operator;
  try {
    const { items } = await ask("/organisations?limit=1000");
    for (const organisation of items) {
      const name = organisation.title?.[current()] ?? organisation.name;
      tail.name(organisation.id, name);
      names.set(organisation.id, name);
      if (![...select.options].some((option) => option.value === organisation.id)) {
        select.append(element("option", { value: organisation.id }, name));
      }
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Whoever may not see the register filters by nothing, and sees ids.
  }
}

function filters() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(place("filters"))) {
    if (value.trim() !== "") query.set(name, value.trim());
  }
  return query;
}

async function watchStanding() {
  clearTimeout(standing);
  await Promise.all([showLog(), showWitnesses()]);
  if (isSignedIn()) standing = setTimeout(watchStanding, STANDING_MS);
}

async function showLog() {
  const shown = place("log-state");
  try {
    const checkpoint = await ask("/record/checkpoint");
    const at = Date.parse(checkpoint.signed_at) || checkpoint.signed_at / 1000;
    const seconds = Math.max(0, (Date.now() - at) / 1000);
    shown.textContent = `${checkpoint.size} ${say("entries")} · ${seconds.toFixed(0)} s ${say("ago")}`;
    shown.className = "good";
  } catch (error) {
    leaveIfSignedOut(error);
    shown.textContent = error.status === 404 ? say("noCheckpoint") : say("unknown");
    shown.className = "";
  }
}

async function showWitnesses() {
  const shown = place("witness-state");
  try {
    const status = await ask("/log/witnesses");
    if (!status.configured) {
      shown.textContent = say("noWitnesses");
      shown.className = "bad";
      return;
    }
    const newest = status.newest ?? status.witnessed;
    const reached = newest?.reached ?? false;
    const lag = status.lag_s === null ? "" : ` · ${say("lag")} ${status.lag_s} s`;
    shown.textContent = `${newest?.valid ?? 0}/${newest?.known ?? status.witnesses.length} ${say(reached ? "witnessed" : "notWitnessed")}${lag}`;
    shown.className = reached ? "good" : "bad";
  } catch (error) {
    shown.textContent = say("unknown");
    shown.className = "";
  }
}

async function openRun(id) {
  closeRun();
  const mine = { id, timer: null };
  opened = mine;
  const refresh = async () => {
    try {
      const seen = await showRun(id);
      if (opened !== mine) return;
      place("stop-run").hidden = !seen.live;
      place("revoke-grant").hidden = false;
      place("stop-run").onclick = () => act("stopRun", "stopAbout", `/runs/${id}/stop`, refresh);
      place("revoke-grant").onclick = () => act("revokeGrant", "revokeAbout", `/grants/${seen.grant}/revoke`, refresh);
      if (seen.live) mine.timer = setTimeout(refresh, RUN_MS);
    } catch (error) {
      place("detail-failure").textContent = error.message;
      leaveIfSignedOut(error);
    }
  };
  await refresh();
  place("detail").focus();
  place("detail").scrollIntoView({ block: "start" });
}

function closeRun() {
  if (opened) clearTimeout(opened.timer);
  opened = null;
  place("detail").hidden = true;
}

/** Asks for a reason, then does it; the server decides whether the asker may. */
function act(title, about, path, then, told = "detail-failure") {
  const dialog = place("ask");
  place("ask-title").textContent = say(title);
  place("ask-about").textContent = say(about);
  place("ask-do").textContent = say(title);
  const reason = place("ask-form").elements.reason;
  reason.value = "";
  dialog.onclose = async () => {
    if (dialog.returnValue !== "do") return;
    try {
      await ask(path, { method: "POST", body: { reason: reason.value.trim() } });
      place(told).textContent = "";
      await then();
    } catch (error) {
      place(told).textContent = error.message;
    }
  };
  dialog.returnValue = "";
  dialog.showModal();
}

place("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target.elements;
  place("sign-in-failure").textContent = "";
  try {
    if (form.token.value.trim() !== "") {
      keep(form.token.value.trim());
    } else {
      const issued = await ask("/sessions", { method: "POST", body: { account: form.account.value.trim(), password: form.password.value } });
      keep(issued.secret);
    }
    form.password.value = form.token.value = "";
    await enter();
  } catch (error) {
    leave();
    place("sign-in-failure").textContent = error.message;
  }
});

place("sign-out").addEventListener("click", async () => {
  await ask("/sessions", { method: "DELETE" }).catch(() => null);
  leave();
});

place("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  tail.begin(filters()).catch(leaveIfSignedOut);
});

place("pause").addEventListener("click", (event) => {
  const paused = event.target.getAttribute("aria-pressed") !== "true";
  event.target.setAttribute("aria-pressed", String(paused));
  tail.pause(paused);
});

place("earlier").addEventListener("click", () => tail.earlier().catch(leaveIfSignedOut));
place("close-detail").addEventListener("click", closeRun);

function showLanguage() {
  place("language").textContent = current() === "zh" ? "English" : "中文";
  place("language").lang = current() === "zh" ? "en" : "zh-CN";
}

place("language").addEventListener("click", () => {
  switchLanguage();
  showLanguage();
  if (isSignedIn()) enter().catch(leaveIfSignedOut);
});

speak();
showLanguage();
if (isSignedIn()) enter().catch((error) => { leaveIfSignedOut(error); place("sign-in-failure").textContent = error.message; });
else leave();
