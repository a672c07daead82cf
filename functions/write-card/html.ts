import type { ModelCard } from "@perennial/contracts";
import { escapeHtml } from "./escape.ts";
import { type Block, headline, sectionsOf } from "./sections.ts";
import { toSvg } from "./svg.ts";

const STYLE = `
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; padding-bottom: 0.25rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; color: #444; padding-bottom: 0.25rem; }
th, td { border: 1px solid #ccc; padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #f2f2f2; } .status { font-weight: 600; }
svg { max-width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: #1a1a1a; }
.grid { stroke: #e6e6e6; fill: none; } .axis { stroke: #1a1a1a; fill: none; } .diagonal { stroke: #777; stroke-dasharray: 4 4; fill: none; }
`.trim();

/** `card.html`: the card as one file that loads nothing. */
export function toHtml(card: ModelCard, unit: string): string {
  const lines = [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    // Whatever a text of the source data might hold: nothing in the page runs or loads.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escapeHtml(`${card.title}: model ${card.artifactVersion}`)}</title>`,
    `<style>\n${STYLE}\n</style>`,
    "</head>",
    "<body>",
    `<h1>${escapeHtml(card.title)}</h1>`,
    `<p>Model <code>${escapeHtml(card.artifactVersion)}</code> of <code>${escapeHtml(card.workload)}</code>, by execution <code>${escapeHtml(card.execution)}</code>.</p>`,
    `<p class="status">${escapeHtml(headline(card, unit))}</p>`,
    ...sectionsOf(card, unit).flatMap(({ title, blocks }) => [
      "<section>",
      `<h2>${escapeHtml(title)}</h2>`,
      ...blocks.flatMap(blockOf),
      "</section>",
    ]),
    "</body>",
    "</html>",
  ];
  return `${lines.join("\n")}\n`;
}

function blockOf(block: Block): string[] {
  switch (block.kind) {
    case "text":
      return [`<p>${escapeHtml(block.text)}</p>`];
    case "list":
      return ["<ul>", ...block.items.map((item) => `<li>${escapeHtml(item)}</li>`), "</ul>"];
    case "plot":
      return [
        "<figure>",
        toSvg(block.plot),
        `<figcaption>${escapeHtml(block.plot.title)}</figcaption>`,
        "</figure>",
      ];
    case "table": {
      const head = block.header.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
      const rows = block.rows.map((cells) => {
        const [first = "", ...others] = cells.map(escapeHtml);
        return `<tr><th scope="row">${first}</th>${others.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
      });
      return [
        '<div class="scroll"><table>',
        `<caption>${escapeHtml(block.caption)}</caption>`,
        `<thead><tr>${head}</tr></thead>`,
        "<tbody>",
        ...rows,
        "</tbody>",
        "</table></div>",
      ];
    }
  }
}
