// Asking the server, and following its stream. The token stays in this tab.

import { current, say } from "./words.js";

const KEPT = "yunei.token";
const RETRY_MS = 1000;
const RETRY_MS_MAX = 15000;

let token = sessionStorage.getItem(KEPT);

export const isSignedIn = () => token !== null;

export function keep(newToken) {
  token = newToken;
  if (token === null) sessionStorage.removeItem(KEPT);
  else sessionStorage.setItem(KEPT, token);
}

/** What the server refused, in its own words. */
export class Refused extends Error {
  constructor(status, told) {
    const parts = [told?.message ?? `${say("failed")} (${status})`];
    for (const detail of told?.details ?? []) parts.push(String(detail));
    if (told?.clause) parts.push(`${say("clause")} ${told.clause}`);
    if (told?.request_id) parts.push(`${say("request")} ${told.request_id}`);
    super(parts.join(" · "));
    this.status = status;
    this.code = told?.code;
  }
}

const headers = () => ({
  ...(token ? { authorization: `Bearer ${token}` } : {}),
  "accept-language": current() === "zh" ? "zh-CN" : "en",
});

async function checked(response) {
  if (response.ok) return response;
  const told = await response.json().catch(() => null);
  throw new Refused(response.status, told);
}

export async function ask(path, { method = "GET", body, signal } = {}) {
  const response = await checked(await fetch(`/api/v1${path}`, {
    method, signal, cache: "no-store",
    headers: { ...headers(), ...(body ? { "content-type": "application/json" } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  }));
  return response.status === 204 ? null : response.json();
}

/**
 * Follows the server-sent events at `path` until `signal` aborts; resumes after the last id that arrived.
 * A refusal ends it; a lost connection does not.
 */
export async function follow(path, { since, onEvent, onState, signal }) {
  let last = since;
  let wait = RETRY_MS;
  while (!signal.aborted) {
    try {
      onState("connecting");
      const response = await checked(await fetch(`/api/v1${path}`, {
        signal, cache: "no-store",
        headers: { ...headers(), accept: "text/event-stream", ...(last != null ? { "last-event-id": String(last) } : {}) },
      }));
      onState("live");
      wait = RETRY_MS;
      for await (const event of events(response.body)) {
        if (event.id !== undefined) last = event.id;
        onEvent(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused && error.status < 500 && error.status !== 429) throw error;
    }
    if (signal.aborted) return;
    onState("brokenOff");
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, RETRY_MS_MAX);
  }
}

/** Events of a stream in the format of the HTML standard. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value.replaceAll("\r\n", "\n");
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const event = parsed(rest.slice(0, end));
      rest = rest.slice(end + 2);
      if (event.data !== undefined) yield event;
    }
  }
}

function parsed(block) {
  const event = { type: "message" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") event.data = event.data === undefined ? value : `${event.data}\n${value}`;
    else if (name === "id") event.id = value;
    else if (name === "event") event.type = value;
  }
  return event;
}
