"use strict";

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** Return an HTML element. Children that are no nodes become text, so data is never markup. */
function element(name, attributes = {}, ...children) {
  return furnished(document.createElement(name), attributes, children);
}

/** Return an SVG element; see `element`. */
function svgElement(name, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG_NAMESPACE, name), attributes, children);
}

/** Return a button that does something. */
function button(label, click, attributes = {}) {
  return element("button", { type: "button", click, ...attributes }, label);
}

/** Return a drop-down list that tells which of its options is chosen, by index. */
function dropDown(labels, chosen, change) {
  return element(
    "select",
    { change: (event) => change(event.target.selectedIndex) },
    labels.map((label, index) => element("option", { selected: index === chosen }, label)),
  );
}

/** Return buttons of which one is pressed, to switch between two or more views. */
function switcher(label, options, chosen, change) {
  const buttons = options.map(([value, text]) =>
    button(text, () => press(value), { "aria-pressed": String(value === chosen) }),
  );
  function press(value) {
    options.forEach(([each], index) => {
      buttons[index].setAttribute("aria-pressed", String(each === value));
    });
    change(value);
  }
  return element("div", { class: "group", role: "group", "aria-label": label }, buttons);
}

/** Return a box that opens, and makes what is in it when it is open; `update` makes it anew. */
function openable(title, make) {
  const place = element("div");
  const node = element(
    "details",
    { class: "numbers", toggle: () => update() },
    element("summary", {}, title),
    place,
  );
  function update() {
    place.replaceChildren(...(node.open ? [make()] : []));
  }
  return { node, update };
}

function furnished(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      node.addEventListener(name, value);
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value);
    }
  }
  const shown = children.flat(Infinity).filter((child) => child !== null && child !== undefined);
  node.append(...shown);
  return node;
}
