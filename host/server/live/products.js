// Products: what each is, what stands for it, when it runs, and which editions left.

import { ask } from "./interface.js";
import { badge, element, fill, second, short, terms } from "./shape.js";
import { current, say } from "./words.js";

const PRODUCTS_MAX = 500;
const EDITIONS_MAX = 500;
const SHANGHAI_MS = 8 * 3600 * 1000;

const place = (id) => document.getElementById(id);
const GOOD = new Set(["standing", "in-force"]);
const OVER = new Set(["withdrawn", "ended"]);

const tone = (state) => (GOOD.has(state) ? "good" : OVER.has(state) ? "over" : "");
const day = (at) => new Date(at / 1000 + SHANGHAI_MS).toISOString().slice(0, 10);
const days = (count) => `${count} ${say("days")}`;

let opened = null;

/** Shows all products, and the opened one again. */
export async function showProducts({ nameOf, openRun }) {
  const { items } = await ask(`/products?limit=${PRODUCTS_MAX}`);
  place("no-products").hidden = items.length > 0;
  fill(place("product-rows"), ...items.map((product) => row(product, nameOf, openRun)));
  if (items.some((product) => product.id === opened)) await showProduct(opened, nameOf, openRun);
  else place("product").hidden = true;
}

function row(product, nameOf, openRun) {
  const link = element("button", { type: "button", class: "link", title: product.id }, product.title[current()]);
  link.addEventListener("click", async () => {
    opened = product.id;
    try {
      await showProduct(product.id, nameOf, openRun);
      place("product").focus();
      place("product").scrollIntoView({ block: "nearest" });
    } catch (error) {
      place("products-failure").textContent = error.message;
    }
  });
  const standing = product.standing;
  const until = standing?.state === "in-force" ? second(standing.until).slice(0, 10) : "";
  return element("tr", {},
    element("td", {}, link, " ", element("span", { class: "quiet id" }, product.name)),
    element("td", {}, nameOf(product.operator)),
    element("td", {}, badge(say(`product-${product.state}`), tone(product.state))),
    element("td", {}, `${say(product.cadence)} · ${product.period}`),
    element("td", { class: "time" }, day(product.starts)),
    element("td", { class: "time" }, until));
}

async function showProduct(id, nameOf, openRun) {
  const [product, schedules, editions] = await Promise.all([
    ask(`/products/${id}`), ask(`/products/${id}/schedules?limit=100`), ask(`/products/${id}/editions?limit=${EDITIONS_MAX}`),
  ]);
  if (opened !== id) return;
  place("product").hidden = false;
  place("product-title").textContent = product.title[current()];
  terms(place("product-facts"), [
    [say("state"), badge(say(`product-${product.state}`), tone(product.state))],
    [say("name"), product.name],
    [say("operator"), nameOf(product.operator)],
    [say("grant"), product.grant],
    [say("module"), product.module],
    [say("editionsCover"), `${say(product.cadence)} · ${product.period} · ${say("from")} ${day(product.starts)}`],
    [say("closedAfter"), days(product.lateness_days)],
    [say("revisedAfter"), product.revision_days === null ? null : days(product.revision_days)],
    ...product.notices.map((notice) => [say("notice"), say(`notice-${notice}`)]),
  ]);
  fill(place("product-standing"), ...stands(product.standing, openRun));
  fill(place("product-schedules"), ...scheduled(schedules.items));
  fill(place("product-editions"), left(editions.items, openRun));
}

/** What lets later editions leave by themselves: since when, until when, for what, and who said so. */
function stands(standing, openRun) {
  if (!standing) return [element("p", { class: "quiet" }, say("nothingStands"))];
  const list = element("dl", { class: "pairs" });
  const bound = standing.bound;
  terms(list, [
    [say("state"), badge(say(`standing-${standing.state}`), tone(standing.state))],
    [say("inForceSince"), second(standing.in_force_at)],
    [say("holdsUntil"), second(standing.until)],
    [say("firstEdition"), runLink(standing.first, openRun)],
    [say("given"), standing.approvals_count],
    ...(standing.approvals ?? []).map((yes) => ["", `“${yes.reason}” · ${second(yes.at)}`]),
    [say("ended"), standing.ended ? `${say(`end-${standing.ended.cause}`)} · ${second(standing.ended.at)}` : null],
  ]);
  const digests = element("dl", { class: "pairs id" });
  terms(digests, [
    [say("module"), bound.module_digest], [say("grantVersion"), bound.grant_version],
    [say("schema"), bound.schema], [say("frame"), bound.frame], [say("profile"), bound.profile],
  ]);
  return [list, element("details", {}, element("summary", {}, say("boundTo")), digests)];
}

function scheduled(schedules) {
  const live = schedules.filter((schedule) => schedule.due.kind !== "never");
  if (live.length === 0) return [element("p", { class: "quiet" }, say("noSchedule"))];
  return live.map((schedule) => {
    const { trigger, due, paused } = schedule;
    const what = trigger.kind === "cron" ? `cron ${trigger.expression}` : `${say("eachSnapshot")} ${trigger.resource}`;
    const next = due.kind === "at" ? `${say("due")} ${second(due.at)}` : say("dueWithSnapshot");
    const state = paused
      ? [badge(say("paused"), "bad"), ` ${say(`code-${paused.code}`)} · ${say("since")} ${second(paused.at)}`]
      : [badge(say("scheduled"), "good"), ` ${next}`];
    return element("p", {}, ...state, " · ", element("span", { class: "quiet" }, what));
  });
}

function left(editions, openRun) {
  if (editions.length === 0) return element("p", { class: "quiet" }, say("noEdition"));
  const newest = [...editions].sort((a, b) => b.period.from - a.period.from || b.revision - a.revision);
  const heads = ["firstDay", "revision", "run", "releases"];
  return element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, say(head))))),
    element("tbody", {}, ...newest.map((edition) => element("tr", {},
      element("td", { class: "time" }, edition.first_day),
      element("td", {}, edition.revision === 0 ? say("firstOne") : `${say("revision")} ${edition.revision}`),
      element("td", {}, runLink(edition.run, openRun)),
      element("td", { class: "id" }, edition.releases.map(short).join(" "))))));
}

function runLink(run, openRun) {
  const link = element("button", { type: "button", class: "link id", title: run }, short(run));
  link.addEventListener("click", () => openRun(run));
  return link;
}
