/** The lines of a Secret's document hold what must not be seen: shown are its keys. */

const DOCUMENT_END = /^(?:---|\.\.\.)(?:\s|$)/;
/** Wherever it stands in a line, also behind a tag or an anchor and before a comment: rather too much is hidden than too little. */
const IS_SECRET = /(?:^|[\s{,])["']?kind["']?\s*:\s*(?:[!&]\S*\s+)*["']?Secret["']?\s*(?:[,}#]|$)/;
const HIDDEN = "(hidden)";

/** The lines, those of Secrets without their values. `lines` are those of a whole file, or of its beginning. */
export function hideSecrets(lines: readonly string[], wholeText: string): string[] {
  // Most files have none.
  if (!wholeText.includes("Secret")) {
    return [...lines];
  }
  const all = wholeText.split("\n");
  const hidden = new Uint8Array(all.length);
  let start = 0;
  for (let i = 0; i <= all.length; i++) {
    if (i < all.length && !DOCUMENT_END.test(all[i]!)) {
      continue;
    }
    if (all.slice(start, i).some((line) => IS_SECRET.test(line))) {
      hidden.fill(1, start, i);
    }
    start = i + 1;
  }
  return lines.map((line, i) => (hidden[i] ? withoutValue(line) : line));
}

/** Names of fields stay; what follows them, or stands alone, goes. */
function withoutValue(line: string): string {
  const field = /^(\s*(?:-\s+)?["']?[\w./-]+["']?\s*:)(\s*)(\S.*)?$/.exec(line);
  if (field === null) {
    return /^\s*$/.test(line) ? line : HIDDEN;
  }
  const [, name, gap, value] = field;
  return value === undefined ? line : `${name}${gap}${/^(?:v1|Secret)$/.test(value) ? value : HIDDEN}`;
}
