/** The two changes of the demo's rules that a fleet is shown with: one that is meant, and one that is a slip. */

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

export interface Change {
  /** For people: what somebody writes. */
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

const FILE = "reviews.yaml";

export const GOOD: Change = {
  what: "reviews.yaml sends 50 % of the readers to v1 and 40 % to v2, instead of 80 % and 10 %",
  from: "weight: 80\n        - destination:\n            host: reviews\n            subset: v2\n          weight: 10",
  to: "weight: 50\n        - destination:\n            host: reviews\n            subset: v2\n          weight: 40",
};

/** Its rules are right, and only their readers notice. */
export const BAD: Change = {
  what: "a slip in reviews.yaml: the subset v2 is the Pods with the label version: v22, and there are none",
  from: "version: v2\n",
  to: "version: v22\n",
};

/** Writes it into the rules of that folder. */
export async function make({ from, to }: Change, rules: string): Promise<void> {
  const file = path.join(rules, FILE);
  const text = await readFile(file, "utf8");
  if (!text.includes(from)) {
    throw new Error(`${file} is not as this change expects it`);
  }
  await writeFile(file, text.replace(from, to));
}
