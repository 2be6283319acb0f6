// Builds DOM nodes, and owns the rule that keeps hostile text harmless: text only ever
// becomes a text node, and no attribute that can run or load something passes here.
// Links and pictures are made by links.js alone, which checks the address first.

const REFUSED = /^(?:href|src|srcset|srcdoc|style|action|formaction|on.*|.*html)$/i;

/**
 * A new element. `props`: `class`, `data` (dataset), `on` (listeners), `is` (DOM
 * properties such as `value`), anything else is an attribute; null, undefined and
 * false leave the attribute out. Children: nodes, text, arrays of them, or null.
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "data") setData(node, value);
    else if (name === "on") listen(node, value);
    else if (name === "is") Object.assign(node, value);
    else if (REFUSED.test(name)) throw new Error(`attribute ${name} is not built here`);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  fill(node, children);
  return node;
}

function setData(node, values) {
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined) node.dataset[name] = String(value);
  }
}

function listen(node, listeners) {
  for (const [name, listener] of Object.entries(listeners)) {
    if (listener) node.addEventListener(name, listener);
  }
}

/** Appends children (nodes, text, nested arrays; null and false are left out). */
export function fill(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export function swap(node, ...children) {
  node.replaceChildren();
  return fill(node, ...children);
}

export function byId(id) {
  return document.getElementById(id);
}

let serial = 0;

/** An id no other element of this page has, for label/for and aria-*. */
export function freshId(word) {
  serial += 1;
  return `${word}-${serial}`;
}

/** Whether a key event belongs to an input method still composing a character. */
export function composing(event) {
  return event.isComposing || event.keyCode === 229;
}

/**
 * Makes `host` show `wanted` (a list of {key, make, update}) by keyed reconciliation:
 * what stays is not moved or rebuilt, so focus, selection and scroll survive.
 * `kept` is the Map from key to entry ({node, …}) the caller owns.
 */
export function reconcile(host, kept, wanted) {
  const alive = new Set(wanted.map((item) => item.key));
  for (const [key, entry] of kept) {
    if (!alive.has(key)) {
      entry.node.remove();
      kept.delete(key);
    }
  }
  let cursor = host.firstChild;
  for (const item of wanted) {
    let entry = kept.get(item.key);
    if (!entry) {
      entry = item.make();
      kept.set(item.key, entry);
    }
    const before = entry.node;
    item.update?.(entry);
    if (before === cursor) cursor = entry.node; // An update may put another in its place.
    if (entry.node === cursor) cursor = cursor.nextSibling;
    else host.insertBefore(entry.node, cursor);
  }
}
