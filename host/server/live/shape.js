// Small shapes: elements, moments, ids, figures.

export function element(tag, attributes = {}, ...children) {
  const made = tag === "svg" || tag === "rect" || tag === "title"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

/** Microseconds of UTC, or RFC 3339, as the reader's clock says it. */
export function moment(at) {
  if (at === undefined || at === null) return "";
  const date = typeof at === "number" ? new Date(at / 1000) : new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  const two = (n) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} `
    + `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** The same to the second. */
export const second = (at) => moment(at).slice(0, 19);

export const micros = (at) => (typeof at === "number" ? at : Date.parse(at) * 1000);

/** The last part of an id: its end is random, its beginning a time. */
export const short = (id) => `…${String(id).slice(-8)}`;

export const figure = (n) => Number(n).toLocaleString("en");

export function duration(us) {
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(1)} ms`;
  return `${(us / 1e6).toFixed(2)} s`;
}

export function fill(place, ...children) {
  place.replaceChildren(...children.filter((child) => child !== null));
}

/** Pairs of term and description; what is empty is left out. */
export function terms(list, pairs) {
  fill(list, ...pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .flatMap(([term, value]) => [element("dt", {}, term), element("dd", {}, value)]));
}

/** A word in a frame: good, bad, over, or neither. */
export const badge = (text, tone) => element("span", { class: `badge ${tone}`.trim() }, text);
