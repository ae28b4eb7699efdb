/** What a change would do that is not applied yet, for people. */

import { type ChangePreview, printableData, type ShownDecision } from "../index.ts";

/** Examples of each kind. */
const MOST_SHOWN = 3;

export function previewText(preview: ChangePreview): string {
  const { witnesses, differences, incomplete, replay } = printableData(preview);
  const lines = [
    differences === 0 && incomplete === undefined
      ? "no HTTP request is decided differently"
      : `${differences} ${differences === 1 ? "kind" : "kinds"} of requests decided differently${differences > 0 ? ":" : ""}`,
    ...shown(witnesses, differences),
    ...(incomplete === undefined ? [] : [incomplete]),
  ];
  if (replay !== undefined) {
    const { of, changed, examples, unseen } = replay;
    lines.push(
      `${changed} of the last ${of} sampled requests would go elsewhere${changed > 0 ? ":" : ""}`,
      ...shown(examples, examples.length),
      ...(unseen.length > 0
        ? [`samples lack headers that the change reads: ${unseen.join(", ")}; they are decided without`]
        : []),
    );
  }
  return lines.join("\n  ");
}

function shown(decisions: readonly ShownDecision[], all: number): string[] {
  const lines = decisions
    .slice(0, MOST_SHOWN)
    .flatMap(({ request, before, after }) => [
      `  ${request}`,
      `    before  ${before}`,
      `    after   ${after}`,
    ]);
  return all > MOST_SHOWN ? [...lines, `  and ${all - MOST_SHOWN} more`] : lines;
}
