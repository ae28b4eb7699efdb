/**
 * A value of JSON as YAML, the way `kubectl get -o yaml` prints it: names in order, lists at the column of their name. Tens of
 * thousands of objects are written at a start, and read again by the quick reader of plain YAML, so this takes no library,
 * and quotes whatever that reader would have to ask about.
 */

/** Deeper values are left out: our reader takes 100 levels, of which a list and its item may be one, and refuses what is left in one line. */
const MAX_DEPTH = 250;

/** Whatever is safe without quotes for every reader of YAML, words aside. */
const PLAIN = /^[A-Za-z_/][\w./@-]*$/;
const PLAIN_KEY = /^[A-Za-z][\w./-]*$/;
/** Words of YAML 1.1 that mean something else than their letters. */
const WORD = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
/** What has to be escaped between double quotes beyond what JSON escapes. */
const UNPRINTABLE =
  /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** Lines that can stand as they are; where the first one begins shows how far the others are indented. */
const BLOCK = /^[!-~][ -~]*\n[ -~\n]*$/;

/** The document of a value; ends with a line break. */
export function yamlText(value: Readonly<Record<string, unknown>>): string {
  return mapping(value, "", 0);
}

function mapping(value: Readonly<Record<string, unknown>>, indent: string, depth: number): string {
  let text = "";
  for (const name of Object.keys(value).sort()) {
    const field = value[name];
    if (field !== undefined) {
      text += `${indent}${key(name)}:${after(field, indent, depth + 1)}`;
    }
  }
  return text;
}

/** What follows a name, with the line's end. */
function after(value: unknown, indent: string, depth: number): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? " []\n" : `\n${list(value, indent, depth)}`;
  }
  if (isMapping(value)) {
    const text = depth > MAX_DEPTH ? "" : mapping(value, `${indent}  `, depth);
    return text === "" ? " {}\n" : `\n${text}`;
  }
  return ` ${scalar(value, indent)}\n`;
}

function list(values: readonly unknown[], indent: string, depth: number): string {
  let text = "";
  for (const value of values) {
    if (Array.isArray(value)) {
      text += `${indent}- ${flow(value, depth)}\n`;
    } else if (isMapping(value)) {
      const fields = depth > MAX_DEPTH ? "" : mapping(value, `${indent}  `, depth + 1);
      text += fields === "" ? `${indent}- {}\n` : `${indent}- ${fields.slice(indent.length + 2)}`;
    } else {
      text += `${indent}- ${scalar(value, indent)}\n`;
    }
  }
  return text;
}

/** A list in a list has no lines of its own. Hardly any kind has one. */
function flow(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) {
    return "null";
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => flow(item, depth + 1)).join(", ")}]`;
  }
  if (isMapping(value)) {
    const fields = Object.keys(value).sort();
    return `{${fields.map((name) => `${quoted(name)}: ${flow(value[name], depth + 1)}`).join(", ")}}`;
  }
  return typeof value === "string" ? quoted(value) : scalar(value, "");
}

function key(name: string): string {
  return PLAIN_KEY.test(name) && !WORD.test(name) ? name : quoted(name);
}

function scalar(value: unknown, indent: string): string {
  if (typeof value !== "string") {
    return value === null || value === undefined ? "null" : String(value);
  }
  if (PLAIN.test(value) && !WORD.test(value)) {
    return value;
  }
  return BLOCK.test(value) ? block(value, `${indent}  `) : quoted(value);
}

function block(value: string, indent: string): string {
  const body = value.replace(/\n+$/, "");
  const ends = value.length - body.length;
  const chomping = ends === 0 ? "-" : ends === 1 ? "" : "+";
  const lines = body.split("\n").map((line) => (line === "" ? "" : `${indent}${line}`));
  return `|${chomping}\n${lines.join("\n")}${"\n".repeat(Math.max(0, ends - 1))}`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(UNPRINTABLE, (char) =>
    // Half of a character is none, as the API server has it.
    char >= "\ud800" && char <= "\udfff"
      ? "\\ufffd"
      : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
