// Retrievals of evidence: who asked under which approval, for what, and who signed or refused; and to do either.

import { ask } from "./interface.js";
import { badge, element, fill, second, terms } from "./shape.js";
import { say } from "./words.js";

const RETRIEVALS_MAX = 200;

const place = (id) => document.getElementById(id);
const TONES = { signed: "good", refused: "over" };

export async function showRetrievals({ nameOf, act }) {
  const { items } = await ask(`/retrievals?limit=${RETRIEVALS_MAX}`);
  place("no-retrievals").hidden = items.length > 0;
  fill(place("retrieval-cards"), ...items.map((one) => card(one, nameOf, act)));
}

function card(one, nameOf, act) {
  const facts = element("dl", { class: "pairs" });
  terms(facts, [
    [say("authority"), nameOf(one.organisation)],
    [say("asked"), second(one.requested_at)],
    [say("askedFor"), scope(one.scope)],
    [say("why"), one.reason],
    [say("retrieval-signed"), second(one.signed_at)],
    [say("retrieval-refused"), one.refused ? `“${one.refused.reason}” · ${second(one.refused.at)}` : null],
  ]);
  return element("article", { class: "card" },
    element("h2", { title: one.id }, `${say("approvalNumber")} ${one.approval}`),
    element("p", { class: "marks" }, badge(say(`retrieval-${one.state}`), TONES[one.state] ?? "")),
    facts,
    ...(one.state === "requested" ? [choices(one.id, act)] : []));
}

/** Whether somebody may do either is the server's to decide. */
function choices(id, act) {
  const choice = (does, about, what) => {
    const button = element("button", { type: "button", "data-does": what }, say(does));
    button.addEventListener("click", () => act(does, about, `/retrievals/${id}/${what}`));
    return button;
  };
  return element("p", { class: "row actions" },
    choice("signEvidence", "signAbout", "signature"), choice("refuseEvidence", "refuseAbout", "refusal"));
}

function scope({ run, since, until, resource }) {
  const of = run ?? `${second(since)} – ${second(until)}`;
  return resource ? `${of} · ${resource}` : of;
}
