// What waits for one's decision: what the gate found, the cells at risk, and what others said.

import { ask } from "./interface.js";
import { badge, element, figure, fill, second, short } from "./shape.js";
import { current, say } from "./words.js";

const WAITING_MAX = 200;
const APPROVALS_NEEDED = 2;

const place = (id) => document.getElementById(id);

export async function showQueue({ nameOf, openRun }) {
  const { items } = await ask(`/reviews?limit=${WAITING_MAX}`);
  place("nothing-waits").hidden = items.length > 0;
  fill(place("waiting"), ...items.map((detail) => card(detail, nameOf, openRun)));
}

function card({ run, verdicts, overlaps, reviews }, nameOf, openRun) {
  const link = element("button", { type: "button", class: "link id", title: run.id }, short(run.id));
  link.addEventListener("click", () => openRun(run.id));
  const yes = reviews.filter((review) => review.outcome === "approved").length;
  const period = run.period ? [badge(`${run.period.field} ${second(run.period.from).slice(0, 10)}`, "")] : [];
  return element("article", { class: "card" },
    element("h2", {}, `${nameOf(run.operator)} · ${run.purpose} `, link),
    element("p", { class: "marks" }, ...period,
      badge(`${yes} / ${APPROVALS_NEEDED} ${say("approvals")}`, yes > 0 ? "good" : ""),
      element("span", { class: "quiet" }, `${say("since")} ${second(run.started_at)}`)),
    ...verdicts.map((one) => verdict(one, overlaps.find((those) => those.output === one.output))),
    element("p", { class: "quiet id" }, `yunei release open ${run.id} --identity …`));
}

function verdict(verdict, overlaps) {
  const lies = overlaps?.texts ?? [];
  // What the texts say, the reasons count in English.
  const reasons = verdict.reasons.filter((reason) => !lies.some((text) => text.en === reason));
  const blank = verdict.cells_failed + verdict.cells_complementary;
  const cells = verdict.cells_total > 0
    ? `${figure(verdict.cells_failed)} ${say("atRisk")} · ${figure(blank)} ${say("blank")} · ${figure(verdict.cells_total)} ${say("cells")}` : "";
  return element("div", { class: "verdict" },
    element("b", {}, verdict.output), " ",
    badge(say(verdict.routine ? "routeAlone" : "moreThanRoute"), verdict.routine ? "" : "bad"), " ",
    element("span", { class: "quiet" }, cells),
    element("ul", {}, ...reasons.map((reason) => element("li", {}, reason)),
      ...lies.map((text) => element("li", { class: "overlap" }, text[current()]))));
}
