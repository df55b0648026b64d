"use strict";

const collator = new Intl.Collator("en", { numeric: true });

/**
 * A table that is sorted by a click on a column's head, and shown a page at a time if it is long.
 *
 * A column has a `title`, `value(row)` to sort by, where null comes last, `cell(row)` with what is
 * shown, and optionally `text` (it isn't numbers), `head` (it names the row) and `className`.
 */
class SortableTable {
  /**
   * @param {object} options
   * @param {string} options.label What the table is, for screen readers.
   * @param {object[]} options.columns The columns.
   * @param {number} [options.pageSize] Rows of a page; all if left out.
   * @param {number} [options.sortedBy] The column that rows are sorted by at first, by index.
   * @param {(row: object) => string} [options.rowClass] The class of a row.
   */
  constructor({ label, columns, pageSize = Infinity, sortedBy = null, rowClass = () => null }) {
    Object.assign(this, { columns, pageSize, sortedBy, rowClass, page: 0, rows: [] });
    this.descending = sortedBy !== null && !columns[sortedBy].text;
    this.heads = columns.map((column, index) =>
      element(
        "th",
        { scope: "col", class: cellClass(column) },
        button(column.title, () => this.sortBy(index)),
      ),
    );
    this.body = element("tbody");
    this.pager = element("div", { class: "pager" });
    const table = element(
      "table",
      { "aria-label": label },
      element("thead", {}, element("tr", {}, this.heads)),
      this.body,
    );
    const box = { class: "table-box pinned", tabindex: "0", role: "region", "aria-label": label };
    this.node = element("div", {}, element("div", box, table), this.pager);
  }

  /** Show these rows, in the order that was chosen. */
  show(rows) {
    this.page = 0;
    this.rows = rows;
    this.sort();
  }

  sortBy(index) {
    this.descending = index === this.sortedBy ? !this.descending : !this.columns[index].text;
    this.sortedBy = index;
    this.page = 0;
    this.sort();
  }

  sort() {
    if (this.sortedBy !== null) {
      const { value } = this.columns[this.sortedBy];
      this.rows = sorted(this.rows, value, this.descending);
    }
    this.heads.forEach((head, index) => {
      if (index === this.sortedBy) {
        head.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
      } else {
        head.removeAttribute("aria-sort");
      }
    });
    this.draw();
  }

  draw() {
    const begin = this.page * this.pageSize || 0;
    const rows = this.rows.slice(begin, begin + this.pageSize);
    const nothing = element(
      "td",
      { class: "nothing", colspan: this.columns.length },
      "Nothing matches.",
    );
    this.body.replaceChildren(
      ...(rows.length ? rows.map((row) => this.row(row)) : [element("tr", {}, nothing)]),
    );
    this.drawPager(begin, rows.length);
  }

  row(row) {
    const cells = this.columns.map((column) =>
      element(
        column.head ? "th" : "td",
        {
          class: [cellClass(column), column.classOf?.(row)].filter(Boolean).join(" ") || null,
          scope: column.head ? "row" : null,
        },
        column.cell(row),
      ),
    );
    return element("tr", { class: this.rowClass(row) }, cells);
  }

  drawPager(begin, count) {
    const total = this.rows.length;
    this.pager.hidden = total <= this.pageSize;
    if (this.pager.hidden) {
      this.pager.replaceChildren();
      return;
    }
    const turn = (by) => () => {
      this.page += by;
      this.draw();
      this.pager.children[by < 0 ? 0 : 1].focus();
    };
    const last = begin + count >= total;
    this.pager.replaceChildren(
      button("Previous", turn(-1), { disabled: begin === 0 }),
      button("Next", turn(1), { disabled: last }),
      `${countText(begin + 1)} to ${countText(begin + count)} of ${countText(total)}`,
    );
  }
}

/** Return a table of plain cells, each a text or a number, whose first column names the rows. */
function plainTable(label, titles, lines) {
  const columns = titles.map((title, index) => ({
    title,
    text: index === 0,
    head: index === 0,
    value: (line) => line[index].value,
    cell: (line) => line[index].shown,
  }));
  const table = new SortableTable({ label, columns });
  table.show(lines);
  return table.node;
}

function cellClass(column) {
  return [column.text ? "text" : null, column.className].filter(Boolean).join(" ") || null;
}

function sorted(rows, value, descending) {
  const sign = descending ? -1 : 1;
  const isMissing = (each) => each === null || each === undefined || each === "";
  const keyed = rows.map((row) => [value(row), row]);
  keyed.sort(([first], [second]) => {
    if (isMissing(first) || isMissing(second)) {
      return isMissing(first) - isMissing(second);
    }
    const both = typeof first === "number" && typeof second === "number";
    return sign * (both ? first - second : collator.compare(first, second));
  });
  return keyed.map(([, row]) => row);
}
