// One run: its facts, the waterfall of its host calls, its verdicts.

import { ask, Refused } from "./interface.js";
import { duration, element, figure, fill, micros, moment, terms } from "./shape.js";
import { say } from "./words.js";

const CALLS_MAX = 1000;
const FINAL = new Set(["released", "withheld", "failed", "stopped", "aborted"]);

const place = (id) => document.getElementById(id);

/** Shows a run as far as its reader may see it; gives its grant and whether it goes on. */
export async function showRun(id) {
  place("detail").hidden = false;
  place("detail-title").textContent = `${say("run")} ${id}`;
  place("detail-failure").textContent = "";
  let detail = null;
  try {
    detail = await ask(`/runs/${id}/detail`);
  } catch (error) {
    if (!(error instanceof Refused) || error.status === 401) throw error;
  }
  if (detail === null) return coarse(id);
  const { run } = detail;
  terms(place("run-facts"), [
    [say("state"), run.state],
    [say("purpose"), run.purpose],
    [say("grant"), `${run.grant} · v${run.grant_version}`],
    [say("module"), `${run.module} · ${run.module_digest}`],
    [say("submitted"), moment(run.submitted_at)],
    [say("started"), moment(run.started_at)],
    [say("ended"), moment(run.ended_at)],
    [say("rowsFed"), figure(run.rows_fed)],
    [say("traceRoot"), run.trace_root],
    [say("endCause"), run.end_cause ? JSON.stringify(run.end_cause) : null],
    [say("releases"), detail.releases.join(" ")],
  ]);
  const calls = await ask(`/runs/${id}/calls?limit=${CALLS_MAX}`);
  waterfall(run, calls.items);
  verdicts(detail.verdicts);
  return { grant: run.grant, live: !FINAL.has(run.state), supervised: true };
}

async function coarse(id) {
  const run = await ask(`/runs/${id}`);
  terms(place("run-facts"), [
    [say("status"), run.status],
    [say("purpose"), run.purpose],
    [say("grant"), run.grant],
    [say("module"), run.module],
    [say("submitted"), moment(run.submitted_at)],
    [say("releases"), run.releases.join(" ")],
    [say("hints"), run.hints.join(" · ")],
  ]);
  fill(place("waterfall"), element("p", { class: "quiet" }, say("unknown")));
  fill(place("verdicts"), element("p", { class: "quiet" }, say("unknown")));
  return { grant: run.grant, live: run.status === "in-progress", supervised: false };
}

function waterfall(run, calls) {
  if (calls.length === 0) {
    fill(place("waterfall"), element("p", { class: "quiet" }, say("noCalls")));
    return;
  }
  const begin = Math.min(micros(run.started_at ?? calls[0].at), micros(calls[0].at));
  const last = calls.at(-1);
  const end = Math.max(micros(last.at) + last.duration_us, begin + 1);
  const heads = [["index", "number"], ["call"], ["what"], ["rows", "number"], ["when", "number"], ["took", "number"], ["", ""]];
  const head = element("thead", {}, element("tr", {},
    ...heads.map(([key, kind = ""]) => element("th", { scope: "col", class: kind }, key ? say(key) : ""))));
  const body = element("tbody", {}, ...calls.map((call) => bar(call, begin, end)));
  const note = run.calls > calls.length
    ? element("p", { class: "quiet" }, say("moreCalls").replace("{n}", figure(calls.length))) : null;
  fill(place("waterfall"), element("table", { class: "bars" }, head, body), note);
}

function bar(call, begin, end) {
  const start = micros(call.at) - begin;
  const share = (us) => (100 * us) / (end - begin);
  const x = Math.min(share(start), 99.6);
  const width = Math.max(Math.min(share(call.duration_us), 100 - x), 0.4);
  const what = [call.resource ?? "", call.fields.join(", "), call.clause ?? ""].filter(Boolean).join(" · ");
  const label = `${call.kind} ${what} +${duration(start)} ${duration(call.duration_us)} ${call.decision}`;
  return element("tr", {},
    element("td", { class: "number" }, call.index),
    element("td", {}, element("span", { class: call.decision === "denied" ? "kind denied" : "kind" }, call.kind)),
    element("td", {}, what),
    element("td", { class: "number" }, figure(call.rows)),
    element("td", { class: "number" }, `+${duration(start)}`),
    element("td", { class: "number" }, duration(call.duration_us)),
    element("td", { class: "track" },
      element("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": label },
        element("rect", { class: call.decision, x, y: 1, width, height: 8 }, element("title", {}, label)))));
}

function verdicts(list) {
  if (list.length === 0) {
    fill(place("verdicts"), element("p", { class: "quiet" }, say("noVerdict")));
    return;
  }
  fill(place("verdicts"), ...list.map((verdict) => element("div", { class: "verdict" },
    element("b", {}, verdict.output ?? ""), " ", element("span", {}, verdict.decision ?? ""),
    element("details", {}, element("summary", {}, say("facts")),
      element("pre", {}, JSON.stringify(verdict, null, 2))))));
}
