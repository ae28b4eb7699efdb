/** `console` blocks of documents: what was typed behind `$`, and what was printed. A line `…` stands for any lines. */

import { codeBlocksOf, PAGES_WITH_CODE } from "./code-blocks.ts";

export interface ShownCall {
  readonly place: string;
  readonly command: string;
  /** The lines between `…`, each run of them in one piece. */
  readonly pieces: readonly string[];
}

export const SHOWN_CALLS: readonly ShownCall[] = PAGES_WITH_CODE.flatMap(codeBlocksOf)
  .filter(({ language }) => language === "console")
  .flatMap(({ place, text }) =>
    text
      .split(/^\$ /m)
      .filter((part) => part !== "")
      .map((part) => {
        const [command, ...shown] = part.trimEnd().split("\n");
        return { place, command: command!, pieces: piecesOf(shown) };
      }),
  );

/** It goes on until it is stopped, with a real Envoy: test/scripts/shown-run.test.ts. */
export function runsEnvoy({ command }: ShownCall): boolean {
  return command.startsWith("sluice run ");
}

/** The first piece that is not printed after those before it; `undefined` when all are. */
export function missingPiece(pieces: readonly string[], printed: string): string | undefined {
  let rest = printed;
  for (const piece of pieces) {
    const at = rest.indexOf(piece);
    if (at < 0) {
      return piece;
    }
    rest = rest.slice(at + piece.length);
  }
  return undefined;
}

function piecesOf(shown: readonly string[]): string[] {
  return shown
    .join("\n")
    .split(/^…$/m)
    .map((piece) => piece.replace(/^\n|\n$/g, ""))
    .filter((piece) => piece !== "");
}
