// Privacy accounts: what each population may lose, and has lost, over everyone and all time.

import { ask } from "./interface.js";
import { badge, element, fill, terms } from "./shape.js";
import { current, say } from "./words.js";

const place = (id) => document.getElementById(id);

/** Four significant digits at most. */
const amount = (value) => Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 });

export async function showPrivacy() {
  const answer = await ask("/privacy/accounts");
  const accounts = answer.items ?? answer;
  fill(place("accounts"), ...(accounts.length === 0
    ? [element("p", { class: "quiet" }, say("noAccount"))]
    : accounts.map(card)));
}

function card(account) {
  const { budget } = account;
  const spent = account.spent_together ?? account.spent_epsilon;
  const facts = element("dl", { class: "pairs" });
  terms(facts, [
    [say("cap"), budget ? `ε ${amount(budget.epsilon)}${budget.delta > 0 ? ` · δ ${budget.delta.toExponential()}` : ""}` : say("noBudget")],
    [say("spent"), `ε ${amount(spent)}`],
    [say("ofLaplace"), account.spent_rho > 0 ? `ε ${amount(account.spent_epsilon)}` : null],
    [say("ofGaussian"), account.spent_rho > 0 ? `ρ ${amount(account.spent_rho)}` : null],
    [say("resources"), account.resources.join(", ")],
  ]);
  const marks = [];
  if (account.private_only) marks.push(badge(say("privateOnly"), ""));
  if (budget) marks.push(badge(say(account.within ? "within" : "beyond"), account.within ? "good" : "bad"));
  return element("article", { class: "card" },
    element("h2", {}, account.title[current()], " ", element("span", { class: "quiet id" }, account.population)),
    element("p", { class: "marks" }, ...marks),
    budget ? meter(spent, budget.epsilon) : "",
    facts);
}

/** A bar of what is spent of the whole. */
function meter(spent, cap) {
  const share = cap > 0 ? Math.min(spent / cap, 1) : 1;
  const percent = Math.round(share * 100);
  const label = `${say("spent")} ${percent} %`;
  return element("div", { class: "meter" },
    element("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", role: "img", "aria-label": label },
      element("rect", { class: "whole", x: 0, y: 0, width: 100, height: 6 }),
      element("rect", { class: share > 0.9 ? "denied" : "allowed", x: 0, y: 0, width: share * 100, height: 6 })),
    element("span", {}, `${percent} %`));
}
