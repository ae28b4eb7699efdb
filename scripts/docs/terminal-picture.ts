/**
 * What a terminal shows, as an SVG: colours, bold and dim, on a dark ground that is legible on light and on dark pages. It
 * names no font of its own, and every run of text is given its width, so that columns stay columns in any font.
 */

const WIDTH = 8.4;
const HEIGHT = 19;
const SIZE = 14;
const MARGIN = 20;
/** Below the three dots of the window. */
const TOP = 58;

/** By the code that turns it on; `39` is no colour. */
const COLORS: Readonly<Record<string, string>> = {
  31: "r",
  32: "g",
  33: "y",
  34: "b",
  35: "m",
  36: "c",
  90: "d",
};

const STYLE = [
  `text { font: ${SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #d1d7e0; white-space: pre }`,
  ".B { fill: #fff; font-weight: 600 } .d { fill: #9198a1 }",
  ".r { fill: #ff7b72 } .g { fill: #7ee787 } .y { fill: #e3b341 } .b { fill: #79c0ff } .m { fill: #d2a8ff } .c { fill: #76e3ea }",
].join("\n");

export interface TerminalPicture {
  /** What somebody reads who does not see it. */
  readonly title: string;
  readonly command: string;
  /** What the command printed, with the codes of its colours. */
  readonly output: string;
}

/** The picture; `columns` is the width of the terminal in characters, unless a line is longer. */
export function terminalPicture({ title, command, output }: TerminalPicture, columns: number): string {
  const lines = [[run("$ ", "d"), run(command, "B")], ...runsOf(output.trimEnd())];
  const longest = Math.max(...lines.map((line) => line.reduce((sum, { text }) => sum + text.length, 0)));
  const width = Math.ceil(Math.max(columns, longest) * WIDTH + 2 * MARGIN);
  const height = TOP + (lines.length - 1) * HEIGHT + MARGIN;
  const plain = lines.map((line) => line.map(({ text }) => text).join("")).join("\n");
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<desc id="desc">${escapeXml(plain)}</desc>`,
    `<style>\n${STYLE}\n</style>`,
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="10" fill="#0d1117" stroke="#3d444d"/>`,
    `<path d="M22 20h.01M40 20h.01M58 20h.01" stroke="#3d444d" stroke-width="11" stroke-linecap="round"/>`,
    ...lines.flatMap((line, row) => placed(line, TOP + row * HEIGHT)),
    "</svg>",
  ].join("\n")}\n`;
}

interface Run {
  readonly text: string;
  /** Classes of the style sheet. */
  readonly look: string;
}

function run(text: string, look: string): Run {
  return { text, look };
}

/** Lines of runs that look alike. */
function runsOf(text: string): Run[][] {
  let bold = false;
  let dim = false;
  let color = "";
  return text.split("\n").map((line) => {
    const runs: Run[] = [];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
    for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
      const codes = /^\u001b\[([\d;]*)m$/.exec(part)?.[1]?.split(";");
      if (codes === undefined) {
        runs.push(run(part, [color, bold ? "B" : "", dim ? "d" : ""].filter((one) => one !== "").join(" ")));
        continue;
      }
      for (const code of codes) {
        bold = code === "1" || (bold && !["22", "0", ""].includes(code));
        dim = code === "2" || (dim && !["22", "0", ""].includes(code));
        color = COLORS[code] ?? (["39", "0", ""].includes(code) ? "" : color);
      }
    }
    return runs;
  });
}

/** A line of text at its height; blanks at the ends of a run need no ink. */
function placed(runs: readonly Run[], y: number): string[] {
  let column = 0;
  return runs.flatMap(({ text, look }) => {
    const from = column + text.length - text.trimStart().length;
    column += text.length;
    const ink = text.trim();
    if (ink === "") {
      return [];
    }
    const x = (MARGIN + from * WIDTH).toFixed(1);
    const length = (ink.length * WIDTH).toFixed(1);
    const styled = look === "" ? "" : ` class="${look}"`;
    return [`<text x="${x}" y="${y}" textLength="${length}"${styled}>${escapeXml(ink)}</text>`];
  });
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
