/**
 * The part of `npm run lint` that reads English: documents, and what the program says, must not use the words that
 * CONTRIBUTING.md advises against. Exits with 1 when they do.
 */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { checkDocument } from "./prose/documents.mjs";
import { checkMessages } from "./prose/messages.mjs";
import { ROOT } from "./setup.mjs";

const DOCUMENTS = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"],
  ...filesBelow("docs", /\.md$/),
  ...filesBelow("envoy/examples", /\.md$/),
];
const SOURCES = [
  ...filesBelow("compiler", /(?<!\.test|\.d)\.ts$/),
  ...["scripts", "envoy/bookinfo", "test/bench", "test/fuzz"].flatMap((folder) =>
    filesBelow(folder, /(?<!\.test|\.d)\.(?:ts|mjs)$/),
  ),
];

let count = 0;
for (const file of DOCUMENTS) {
  print(file, await checkDocument(read(file)));
}
for (const file of SOURCES) {
  print(file, checkMessages(file, read(file)));
}
if (count > 0) {
  console.error(
    `prose: ${count} findings; "How we write English" in CONTRIBUTING.md says what to write instead`,
  );
  process.exitCode = 1;
} else {
  console.log(`prose: ${DOCUMENTS.length} documents and the messages of ${SOURCES.length} files are fine`);
}

function print(file, findings) {
  count += findings.length;
  for (const { line, column, message } of findings) {
    console.error(`${file}:${line}:${column}: ${message}`);
  }
}

function read(file) {
  return readFileSync(path.join(ROOT, file), "utf8");
}

function filesBelow(folder, wanted) {
  return readdirSync(path.join(ROOT, folder), { recursive: true })
    .filter((name) => wanted.test(name))
    .map((name) => `${folder}/${name.replaceAll(path.sep, "/")}`)
    .sort();
}
