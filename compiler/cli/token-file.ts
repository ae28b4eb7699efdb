/** The token of `--token-file` or another flag: what a client sends, and never what a command prints. */

import { firstToken, readTokens, TokenFileError } from "../fleet/identity/tokens.ts";
import { readAtMost, whyUnreadable } from "../index.ts";
import { UsageError } from "./exit.ts";

/** A JSON Web Token of a service account has two kilobytes. */
const LARGEST_TOKEN = 64 * 1024;

export function readToken(file: string, flag = "--token-file"): string {
  try {
    const text = Buffer.from(readAtMost(file, LARGEST_TOKEN)).toString();
    readTokens(text);
    return firstToken(text)!;
  } catch (error) {
    throw new UsageError(
      error instanceof TokenFileError
        ? `${flag}: ${file}: ${error.message}`
        : `${flag}: cannot read ${file}: ${whyUnreadable(error)}`,
    );
  }
}
