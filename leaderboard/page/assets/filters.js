"use strict";

/** Which of several labels are chosen, as check boxes in a box that opens. */
class Chooser {
  /**
   * @param {string} title What they are, in the plural.
   * @param {string[]} labels The labels.
   * @param {() => void} change Called when the choice has changed.
   */
  constructor(title, labels, change) {
    this.chosen = new Set(labels.keys());
    this.title = title;
    this.change = change;
    this.summary = element("summary");
    this.boxes = labels.map((_, index) =>
      element("input", {
        type: "checkbox",
        checked: true,
        change: (event) => this.choose([index], event.target.checked),
      }),
    );
    const all = [...labels.keys()];
    this.node = element(
      "details",
      { class: "chooser", keydown: (event) => this.closeOnEscape(event) },
      this.summary,
      element(
        "fieldset",
        {},
        element("legend", { class: "visually-hidden" }, title),
        element(
          "div",
          { class: "group" },
          button("All", () => this.choose(all, true)),
          button("None", () => this.choose(all, false)),
        ),
        labels.map((label, index) => element("label", {}, this.boxes[index], label)),
      ),
    );
    this.showCount();
  }

  has(index) {
    return this.chosen.has(index);
  }

  choose(indices, chosen) {
    for (const index of indices) {
      this.boxes[index].checked = chosen;
      this.chosen[chosen ? "add" : "delete"](index);
    }
    this.showCount();
    this.change();
  }

  showCount() {
    this.summary.textContent = `${this.title}: ${this.chosen.size} of ${this.boxes.length}`;
  }

  closeOnEscape(event) {
    if (event.key === "Escape" && this.node.open) {
      this.node.open = false;
      this.summary.focus();
    }
  }
}

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.chooser[open]")) {
    open.open = open.contains(event.target);
  }
});

// As short as the start of a key may be written.
const SHORTEST_KEY = 6;

/** Return a search field that calls back with a test: does a text, or a key, match all its words? */
function searchField(label, change) {
  const input = element("input", {
    type: "search",
    placeholder: label,
    "aria-label": label,
    input: () => change(matcher(input.value)),
  });
  return input;
}

function matcher(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return (text, key = "") => {
    const searched = text.toLowerCase();
    const isKey = (word) => word.length >= SHORTEST_KEY && key.startsWith(word);
    return words.every((word) => searched.includes(word) || isKey(word));
  };
}
