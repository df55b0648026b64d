"use strict";

/** Let the reader save a file. */
function save(fileName, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = element("a", { href: address, download: safeFileName(fileName) });
  document.body.append(link);
  link.click();
  link.remove();
  // The browser may read it a little later.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Return lines of comma-separated values, which a spreadsheet takes for values and nothing else. */
function csv(header, lines) {
  return [header, ...lines].map((line) => `${line.map(csvCell).join(",")}\r\n`).join("");
}

/** Return a Markdown table in the dialect of GitHub; its cells are Markdown. */
function markdownTable(header, lines) {
  const rule = header.map((_, index) => (index ? "---:" : "---"));
  return [header, rule, ...lines].map((line) => `| ${line.join(" | ")} |\n`).join("");
}

/** Return a LaTeX table for the package booktabs; its cells are LaTeX. */
function latexTable(header, lines) {
  const line = (cells) => `${cells.join(" & ")} \\\\\n`;
  return [
    "% \\usepackage{booktabs}\n",
    `\\begin{tabular}{l${"r".repeat(header.length - 1)}}\n\\toprule\n`,
    line(header),
    "\\midrule\n",
    ...lines.map(line),
    "\\bottomrule\n\\end{tabular}\n",
  ].join("");
}

/** Return Markdown that shows a text as it is, in one line. */
function markdownText(text) {
  return oneLine(text).replace(/[\\`*_[\]<>|~&$#]/g, "\\$&");
}

const LATEX = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  // After the end of a line these would be its options.
  "[": "{[}",
  "]": "{]}",
  "*": "{*}",
};

/** Return LaTeX that shows a text as it is, in one line. */
function latexText(text) {
  return oneLine(text).replace(
    /[\\~^<>|[\]*{}#$%&_]/g,
    (character) => LATEX[character] ?? `\\${character}`,
  );
}

/** Save a figure as SVG. */
function saveSvg(fileName, svg) {
  save(`${fileName}.svg`, serialised(svg), "image/svg+xml");
}

/** Save a figure as PNG, at twice its size. */
async function savePng(fileName, svg) {
  const address = URL.createObjectURL(new Blob([serialised(svg)], { type: "image/svg+xml" }));
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = element("canvas", {
    width: 2 * svg.getAttribute("width"),
    height: 2 * svg.getAttribute("height"),
  });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  canvas.toBlob((blob) => save(`${fileName}.png`, blob, "image/png"), "image/png");
}

function csvCell(value) {
  if (typeof value === "number") {
    return String(value);
  }
  let text = value ?? "";
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);
  // Some skip spaces, some take signs of full width for these, and some part cells by semicolons.
  if (/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text) && !isNumber) {
    text = `'${text}`;
  }
  return /[",;\r\n\t]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function oneLine(text) {
  const line = text.split(/\s+/).filter(Boolean).join(" ");
  // A terminal would obey these, and LaTeX refuses them.
  return line.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

function safeFileName(text) {
  return text.replace(/[^\p{L}\p{N}.-]+/gu, "-").replace(/^[-.]+/, "") || "lexigym";
}

function serialised(svg) {
  const text = new XMLSerializer().serializeToString(svg).toWellFormed();
  // XML can't hold control characters, not even escaped.
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
}
