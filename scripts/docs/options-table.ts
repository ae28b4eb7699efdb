/** The options as a table for documents, so that none of them says what the program does not do. */

import { CLUSTER_OPTIONS, FILE_OPTIONS, FLAG_OPTIONS } from "../../compiler/file-options.ts";
import { defaultText, description, flagOf, type OptionEntry } from "../../compiler/options/option.ts";

const WITH_FLAG = { ...FLAG_OPTIONS, ...CLUSTER_OPTIONS };

/** GitHub's Markdown, a row for each option. */
export function optionsTable(): string {
  const rows = Object.entries<OptionEntry<unknown>>(FILE_OPTIONS).map(([key, entry]) => {
    const flag = Object.hasOwn(WITH_FLAG, key) ? code(withArgument(flagOf(key), entry)) : "";
    return row([code(key), flag, defaultCell(entry), description(entry)]);
  });
  return `${[row(["in `sluice.yaml`", "as a flag", "default", ""]), "|---|---|---|---|", ...rows].join("\n")}\n`;
}

function withArgument(flag: string, { argument, kind }: OptionEntry<unknown>): string {
  return argument === undefined ? flag : `${flag} ${kind.choices?.join("|") ?? `<${argument}>`}`;
}

function defaultCell(entry: OptionEntry<unknown>): string {
  const text = defaultText(entry);
  return text === undefined || entry.defaultSaid !== undefined ? (text ?? "") : code(text);
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
