/**
 * The way to a file or a folder: which name in which directory decides what a path means. A path changes its meaning when one of
 * these entries is replaced, whether it is the file itself, a directory above it, or a symbolic link anywhere on the way.
 */

import { lstatSync, readlinkSync } from "node:fs";
import path from "node:path";

export interface Step {
  readonly directory: string;
  readonly name: string;
}

/** As Linux has it. */
const MAX_LINKS = 40;

/** From the root on, as far as the way can be gone today. */
export function stepsTo(target: string): Step[] {
  const absolute = path.resolve(target);
  const { root } = path.parse(absolute);
  const steps: Step[] = [];
  let names = namesOf(absolute.slice(root.length));
  let directory = root;
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === "..") {
      directory = path.dirname(directory);
      continue;
    }
    steps.push({ directory, name });
    const next = path.join(directory, name);
    const linked = linkAt(next);
    if (linked === undefined) {
      directory = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) {
      break;
    }
    names = [...namesOf(linked), ...names];
    if (path.isAbsolute(linked)) {
      directory = root;
    }
  }
  return steps;
}

function namesOf(text: string): string[] {
  return text.split(path.sep).filter((name) => name !== "" && name !== ".");
}

/** Where a symbolic link leads; undefined for all else, also for what is not there. */
function linkAt(name: string): string | undefined {
  try {
    return lstatSync(name).isSymbolicLink() ? readlinkSync(name) : undefined;
  } catch {
    return undefined;
  }
}
