/** A finding where there is room for one line, and nothing of the file can be shown. */

import type { Diagnostic } from "../diagnostic.ts";
import { positionAt } from "../position.ts";

/** `clients.yaml:3:5: the message; what to write instead` */
export function inOneLine({ message, span, help }: Diagnostic): string {
  const place =
    span === undefined
      ? ""
      : (({ line, column }) => `${span.file.path}:${line}:${column}: `)(positionAt(span.file, span.start));
  return `${place}${message}${help === undefined ? "" : `. ${help}`}`;
}
