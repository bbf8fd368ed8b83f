// The views of the desk: each for whoever's roles make something of it. What is seen in it is the server's to decide.

import { element } from "./shape.js";
import { say } from "./words.js";

const POLL_MS = 5000;
const WHOSE = {
  record: null,
  products: ["bureau", "reviewer", "operator", "developer", "source"],
  queue: ["reviewer"],
  privacy: ["bureau", "audit-administrator", "regulator"],
  retrievals: ["bureau", "audit-administrator", "regulator"],
};
/** Views that look again by themselves. Looking at a privacy account or at retrievals may leave an entry, so nobody does so unasked. */
const POLLED = new Set(["products", "queue"]);

const place = (id) => document.getElementById(id);

export class Views {
  #loads;
  #onRefused;
  #open = "record";
  #timer = null;

  constructor(loads, onRefused) {
    this.#loads = loads;
    this.#onRefused = onRefused;
  }

  /** Offers what an account may look at. */
  offer(account) {
    const now = Date.now() * 1000;
    const roles = new Set(account.appointments
      .filter((one) => one.from <= now && (one.until === null || one.until > now))
      .map((one) => one.role));
    const offered = Object.entries(WHOSE)
      .filter(([, whose]) => whose === null || whose.some((role) => roles.has(role)))
      .map(([view]) => view);
    place("views").replaceChildren(...offered.map((view) => this.#button(view)));
    place("views").hidden = offered.length < 2;
    this.show(offered.includes(this.#open) ? this.#open : "record");
  }

  show(view) {
    this.end();
    this.#open = view;
    for (const button of place("views").children) {
      if (button.dataset.view === view) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    }
    for (const name of Object.keys(WHOSE)) place(name).hidden = name !== view;
    this.#load(view);
  }

  end() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #button(view) {
    const button = element("button", { type: "button", "data-view": view }, say(view));
    button.addEventListener("click", () => this.show(view));
    return button;
  }

  async #load(view) {
    const load = this.#loads[view];
    if (!load) return;
    const failure = place(`${view}-failure`);
    try {
      await load();
      failure.textContent = "";
    } catch (error) {
      failure.textContent = error.message;
      this.#onRefused(error);
    }
    if (POLLED.has(view) && this.#open === view && !place("desk").hidden) {
      this.#timer = setTimeout(() => this.#load(view), POLL_MS);
    }
  }
}
