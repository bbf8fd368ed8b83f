// The tail of the record: what is there, then what comes.

import { ask, follow, Refused } from "./interface.js";
import { element, moment, short } from "./shape.js";
import { say } from "./words.js";

const SHOWN_MAX = 1000;
const PAGE = 100;

export class Tail {
  #rows = document.getElementById("entries");
  #count = document.getElementById("count");
  #failure = document.getElementById("record-failure");
  #earlier = document.getElementById("earlier");
  #names = new Map();
  #filter = new URLSearchParams();
  #waiting = [];
  #paused = false;
  #oldest = null;
  #newest = null;
  #stop = null;
  #coarse = false;
  #openRun;
  #onState;

  constructor({ openRun, onState }) {
    this.#openRun = openRun;
    this.#onState = onState;
  }

  name(operator, text) {
    this.#names.set(operator, text);
  }

  /** Begins anew with this filter. */
  async begin(filter) {
    this.end();
    this.#filter = filter;
    this.#rows.replaceChildren();
    this.#waiting = [];
    this.#oldest = this.#newest = null;
    this.#coarse = false;
    this.#failure.textContent = "";
    const stop = new AbortController();
    this.#stop = stop;
    try {
      const since = await this.#begun();
      this.#tell();
      await follow(`/events?${this.#filter}`, {
        since,
        signal: stop.signal,
        onEvent: (event) => this.#heard(event),
        onState: (state) => this.#onState(this.#paused && state === "live" ? "paused" : state),
      });
    } catch (error) {
      if (stop.signal.aborted) return;
      this.#failure.textContent = error.message;
      this.#onState("brokenOff");
      if (error instanceof Refused && error.status === 401) throw error;
    }
  }

  /** Shows what is there already. Gives the sequence number from which to go on. */
  async #begun() {
    try {
      const page = await this.#page();
      for (const placed of page.reverse()) this.#put(placed, false);
      return this.#newest ?? 0;
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 401) throw error;
    }
    // An operating unit: its own runs, coarsely, under numbers of its own. Its stream has no filter but the run.
    this.#coarse = true;
    const run = this.#filter.get("run");
    this.#filter = new URLSearchParams(run ? { run } : {});
    this.#earlier.hidden = true;
    return 0;
  }

  #heard(event) {
    const told = JSON.parse(event.data);
    if (event.type === "entry") this.#arrived(told);
    if (event.type === "run") {
      const number = Number(event.id);
      this.#arrived({ position: number, index: number, entry: { kind: told.status, run: told.run, facts: {}, observed: { at: told.at } } });
    }
  }

  end() {
    this.#stop?.abort();
    this.#stop = null;
  }

  pause(paused) {
    this.#paused = paused;
    this.#onState(paused ? "paused" : "live");
    if (!paused) {
      for (const placed of this.#waiting.splice(0)) this.#put(placed, true);
      this.#tell();
    }
  }

  async earlier() {
    if (this.#oldest === null) return;
    for (const placed of await this.#page(this.#oldest)) this.#rows.append(this.#row(placed));
    this.#tell();
  }

  async #page(before) {
    const query = new URLSearchParams(this.#filter);
    query.set("order", "falling");
    query.set("limit", PAGE);
    if (before !== undefined) query.set("after", before);
    const { items, next } = await ask(`/record?${query}`, { signal: this.#stop?.signal });
    this.#oldest = next;
    this.#earlier.hidden = next === null;
    return items;
  }

  #arrived(placed) {
    if (this.#paused) {
      this.#waiting.push(placed);
      if (this.#waiting.length > SHOWN_MAX) this.#waiting.shift();
      return;
    }
    this.#put(placed, true);
    this.#tell();
  }

  #put(placed, fresh) {
    if (this.#newest !== null && placed.position <= this.#newest) return;
    this.#newest = placed.position;
    const row = this.#row(placed);
    row.classList.toggle("fresh", fresh);
    this.#rows.prepend(row);
    while (this.#rows.childElementCount > SHOWN_MAX) this.#rows.lastElementChild.remove();
  }

  #row({ position, index, entry }) {
    const denied = /denied|refused|failed|withheld|aborted|alert/.test(entry.kind);
    const facts = { ...entry.facts };
    const run = entry.run ?? facts.run;
    delete facts.run;
    return element("tr", { id: `entry-${position}` },
      element("td", { class: "number" }, index ?? "…"),
      element("td", { class: "time" }, moment(entry.observed?.at)),
      element("td", {}, element("span", { class: denied ? "kind denied" : "kind" }, entry.kind)),
      element("td", {}, entry.operator ? (this.#names.get(entry.operator) ?? short(entry.operator)) : ""),
      element("td", {}, run ? this.#runLink(run) : ""),
      element("td", { class: "facts", title: JSON.stringify(entry, null, 2) }, shown(facts)));
  }

  #runLink(run) {
    const link = element("button", { type: "button", class: "link id", title: run }, short(run));
    link.addEventListener("click", () => this.#openRun(run));
    return link;
  }

  #tell() {
    const shownCount = this.#rows.childElementCount;
    const newest = this.#newest === null ? "" : ` · ${say("newest")} ${this.#newest}`;
    const whose = this.#coarse ? ` · ${say("ownRuns")}` : "";
    this.#count.textContent = `${shownCount} ${say("shown")}${newest}${whose}`;
  }
}

/** Facts in one line; digests and ids by a few of their digits, whole where the reader points at them. */
function shown(facts) {
  return Object.entries(facts)
    .filter(([name, value]) => value !== null && value !== "" && name !== "policy_set")
    .map(([name, value]) => `${name}: ${brief(typeof value === "object" ? JSON.stringify(value) : String(value))}`)
    .join(" · ");
}

function brief(text) {
  return text
    .replace(/sha256:([0-9a-f]{8})[0-9a-f]{56}/g, "sha256:$1…")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}([0-9a-f]{8})/g, "…$1");
}
