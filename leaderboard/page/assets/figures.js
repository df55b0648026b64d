"use strict";

const EXPORT_WIDTH = 720;
// Of shapes and letters, all that a style sheet gave them.
const INLINED = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linejoin",
  "font-family",
  "font-size",
  "font-weight",
];

/** A chart with its caption, redrawn whenever its width changes, and saved as SVG or PNG. */
class Figure {
  /**
   * @param {object} options
   * @param {string} options.title What it shows.
   * @param {() => object} options.chart Returns what is drawn, or null if there is nothing.
   * @param {Function} options.draw Draws it; see `lineChart`.
   */
  constructor({ title, chart, draw }) {
    Object.assign(this, { title, chart, draw, width: 0 });
    // As wide as the figure, and of no height that a drawing could change while it is measured.
    const ruler = element("div");
    this.box = element("div", { class: "chart" });
    this.tools = element(
      "span",
      { class: "tools" },
      button("SVG", () => saveSvg(title, this.exported()), {
        "aria-label": `Save ${title} as SVG`,
      }),
      button("PNG", () => savePng(title, this.exported()), {
        "aria-label": `Save ${title} as PNG`,
      }),
    );
    this.node = element(
      "figure",
      {},
      element("figcaption", {}, element("span", {}, title), this.tools),
      ruler,
      this.box,
    );
    new ResizeObserver(([entry]) => this.resize(entry.contentRect.width)).observe(ruler);
  }

  resize(width) {
    const whole = Math.floor(width);
    if (whole > 0 && whole !== this.width) {
      this.width = whole;
      this.redraw();
    }
  }

  /** Draw what the chart is now. */
  redraw() {
    const chart = this.chart();
    this.tools.hidden = chart === null;
    if (chart === null) {
      this.box.replaceChildren(element("p", { class: "muted" }, "Nothing to draw."));
    } else if (this.width) {
      this.box.replaceChildren(this.draw(chart, this.width, false));
    }
  }

  /** Return the chart as it stands alone: on paper, and without a style sheet. */
  exported() {
    const svg = this.draw(this.chart(), EXPORT_WIDTH, true);
    const host = element("div", { class: "export" }, svg);
    const root = document.documentElement;
    const { theme } = root.dataset;
    root.dataset.theme = "light";
    document.body.append(host);
    for (const each of svg.querySelectorAll("rect, line, circle, polyline, polygon, text")) {
      const style = getComputedStyle(each);
      for (const property of INLINED) {
        each.setAttribute(property, style.getPropertyValue(property));
      }
    }
    for (const each of [svg, ...svg.querySelectorAll("[class]")]) {
      each.removeAttribute("class");
    }
    host.remove();
    if (theme === undefined) {
      delete root.dataset.theme;
    } else {
      root.dataset.theme = theme;
    }
    return svg;
  }
}
