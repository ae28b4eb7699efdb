/** `--page[=PORT]`: shows what a command runs in a browser. */

import { Option } from "commander";
import { ListenError, readPageListen } from "../index.ts";
import { UsageError } from "./exit.ts";

const NAME = "--page";

export function pageOption(): Option {
  return new Option(
    `${NAME} [port]`,
    "show what each rule does on a page in the browser, at 127.0.0.1 and the first free port from 9902 on; --page=PORT for one of your choice, --page=ADDRESS:PORT for another address",
  );
}

/** Its port may be left out, and what stands behind it is then a path of rules: it takes its value from its own word alone. */
export function withoutNextWord(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return args.map((arg, i) => (arg === NAME && (end < 0 || i < end) ? `${NAME}=` : arg));
}

/** Throws a `UsageError` for what is not an address to listen at. */
export function checkPageFlag(page: string | undefined): void {
  try {
    readPageListen(page);
  } catch (error) {
    throw error instanceof ListenError ? new UsageError(error.message) : error;
  }
}
