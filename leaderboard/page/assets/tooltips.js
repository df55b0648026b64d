"use strict";

const tooltip = document.getElementById("tooltip");
const TOOLTIP_GAP = 14;

/**
 * Show values beside a place of the window.
 *
 * @param {string} title What they are of.
 * @param {object[]} lines Each with a `style`, a `name` and a `text`.
 * @param {number} x Pixels from the left.
 * @param {number} y Pixels from the top.
 */
function showTooltip(title, lines, x, y) {
  tooltip.replaceChildren(
    element("strong", {}, title),
    ...lines.map(({ style, name, text }) =>
      element("p", {}, swatch(style), element("span", {}, name), element("span", {}, text)),
    ),
  );
  tooltip.hidden = false;
  const { width, height } = tooltip.getBoundingClientRect();
  const fits = x + TOOLTIP_GAP + width < document.documentElement.clientWidth;
  const left = fits ? x + TOOLTIP_GAP : Math.max(4, x - TOOLTIP_GAP - width);
  tooltip.style.left = `${left}px`;
  tooltip.style.top = `${Math.max(4, Math.min(y, window.innerHeight - height - 4))}px`;
}

function hideTooltip() {
  tooltip.hidden = true;
}

window.addEventListener("scroll", hideTooltip, { passive: true });
