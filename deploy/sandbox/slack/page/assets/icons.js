// The page's few line icons, drawn as SVG nodes so that no font or file is fetched.

const NS = "http://www.w3.org/2000/svg";

const SHAPES = {
  hash: ["M8 3 6 17", "M14 3l-2 14", "M4 7.5h13", "M3 12.5h13"],
  lock: ["M5 9h10v8H5z", "M7 9V6.5a3 3 0 0 1 6 0V9"],
  thread: ["M4 4h12v9H9l-4 3v-3H4z", "M7.5 7.5h5", "M7.5 10h3"],
  send: ["M3 10 17.5 3.5 13 17l-3-5.5z", "M10 11.5l3.5-4"],
  close: ["M5 5l10 10", "M15 5 5 15"],
  back: ["M12 4l-6 6 6 6"],
  down: ["M5 8l5 5 5-5"],
  more: ["M4.5 10h.01", "M10 10h.01", "M15.5 10h.01"],
  menu: ["M3 5.5h14", "M3 10h14", "M3 14.5h14"],
  eye: ["M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5z", "M10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z"],
  people: ["M7 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6z", "M1.5 16.5c.6-3.2 2.6-4.8 5.5-4.8s4.9 1.6 5.5 4.8", "M13 4a2.6 2.6 0 0 1 0 5", "M15 12.2c2 .5 3.2 2 3.6 4.3"],
  slash: ["M13 3 7 17"],
  check: ["M4 10.5l4 4 8-9"],
  swap: ["M4 7h11l-3-3", "M16 13H5l3 3"],
  image: ["M3 4h14v12H3z", "M3 13l4-4 4 4 2-2 4 4"],
};

/** A decorative icon (hidden from assistive technology: name its button instead). */
export function icon(name, size = 18) {
  const svg = document.createElementNS(NS, "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 20 20", width: size, height: size, fill: "none", stroke: "currentColor",
    "stroke-width": name === "more" ? 2.6 : 1.6, "stroke-linecap": "round",
    "stroke-linejoin": "round", "aria-hidden": "true", class: "icon",
  })) svg.setAttribute(key, value);
  for (const shape of SHAPES[name]) {
    const path = document.createElementNS(NS, "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}
