import type { ModelCard } from "@perennial/contracts";
import { escapeMarkdown } from "./escape.ts";
import { type Block, headline, sectionsOf } from "./sections.ts";

/** `card.md`: the card for whoever reads it beside the code. Plots stand there as their tables. */
export function toMarkdown(card: ModelCard, unit: string): string {
  const paragraphs = [
    `# ${escapeMarkdown(card.title)}`,
    `Model ${escapeMarkdown(card.artifactVersion)} of \`${card.workload}\`, by execution \`${card.execution}\`. ${escapeMarkdown(headline(card, unit))}`,
    ...sectionsOf(card, unit).flatMap(({ title, blocks }) => [
      `## ${title}`,
      ...blocks.flatMap((block) => (block.kind === "plot" ? [] : [blockOf(block)])),
    ]),
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

function blockOf(block: Exclude<Block, { kind: "plot" }>): string {
  switch (block.kind) {
    case "text":
      return escapeMarkdown(block.text);
    case "list":
      return block.items.map((item) => `- ${escapeMarkdown(item)}`).join("\n");
    case "table": {
      const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
      const rule = `| ${block.header.map(() => "---").join(" | ")} |`;
      return [escapeMarkdown(block.caption), "", line(block.header), rule, ...block.rows.map(line)].join(
        "\n",
      );
    }
  }
}
