/** Text of the program as a paragraph of Markdown, which would take `<name>` for HTML. */
export function prose(text: string): string {
  return text.replaceAll("<", "&lt;");
}

/** The same as a cell of a table. */
export function cell(text: string): string {
  return prose(text)
    .replaceAll("|", "\\|")
    .replaceAll(/\s*\n\s*/g, " ");
}
