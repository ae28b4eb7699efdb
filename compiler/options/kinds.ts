/**
 * The kinds of values that options have. A kind knows its value in every way in which one is given: as text of a flag or
 * of `sluice.yaml`, as a node of that file's JSON schema, and as a value of a program that calls Sluice.
 */

import { isIP } from "node:net";
import path from "node:path";
import { LONGEST_SOCKET_PATH } from "../platform/socket-folder.ts";

/** In the place of a file. */
export const STANDARD_OUTPUT = "-";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a flag or a key of `sluice.yaml` gives before it is read, by its form. */
export interface GivenByForm {
  readonly text: string;
  /** A flag without a value; `true` or `false` in the file. */
  readonly flag: boolean;
  /** `a=b`, one each: a flag that may be repeated; a mapping or a list in the file. */
  readonly pairs: readonly string[];
  /** `a=b,c=d`: one flag; a mapping or a list in the file. */
  readonly joinedPairs: string;
  /** `a,b`: one flag; a text or a list in the file. */
  readonly joinedTexts: string;
  /** A file or a folder; one that the file names is resolved against the file's folder. */
  readonly path: string;
  readonly paths: readonly string[];
  /** One each: a flag that may be repeated; a text or a list in the file. */
  readonly texts: readonly string[];
}

export type Form = keyof GivenByForm;
type Fail = (message: string) => never;

export interface OptionKind<T, F extends Form = Form> {
  readonly form: F;
  /** Reads what was given; calls `fail` with what is wrong, and what to write instead. */
  read(given: GivenByForm[F], fail: Fail): T;
  /** Whether a program's value is one of this kind. */
  accepts(value: unknown): boolean;
  /** What a program's value must be, to be put after "must be". */
  readonly expected: string;
  /** A value as a flag would give it; empty, or no way to show it, when there is nothing to say. */
  show?(value: T): string;
  /** Of the value in `sluice.yaml`. */
  readonly schema: JsonSchema;
  /** The values that there are, where they can be listed. */
  readonly choices?: readonly string[];
}

/** One of a few words. */
export function choice<const T extends string>(...choices: readonly T[]): OptionKind<T, "text"> {
  const isChoice = (value: unknown): value is T => choices.includes(value as T);
  return {
    form: "text",
    read: (given, fail) =>
      isChoice(given) ? given : fail(`"${given}" is not valid; use ${choices.join(" or ")}`),
    accepts: isChoice,
    expected: choices.map((one) => `"${one}"`).join(" or "),
    show: String,
    schema: { type: "string", enum: choices },
    choices,
  };
}

/** A whole number from 0. */
export function upTo(most: number): OptionKind<number, "text"> {
  const isInRange = (value: unknown) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
  return {
    form: "text",
    read(given, fail) {
      const number = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
      return isInRange(number) ? number : fail(`"${given}" is not valid; use a number from 0 to ${most}`);
    },
    accepts: isInRange,
    expected: `an integer from 0 to ${most}`,
    show: String,
    schema: { type: "integer", minimum: 0, maximum: most },
  };
}

/** Percent from 0 to 100, `10%` or `10`, exact to a part per million. */
export const percentage: OptionKind<number, "text"> = {
  form: "text",
  read(given, fail) {
    const number = /^\d{1,3}(\.\d{1,4})?%?$/.test(given) ? Number.parseFloat(given) : Number.NaN;
    return number <= 100
      ? number
      : fail(`"${given}" is not valid; use a percentage from 0% to 100%, with up to four decimals`);
  },
  accepts: (value) => typeof value === "number" && value >= 0 && value <= 100,
  expected: "a number from 0 to 100",
  show: (value) => `${value}%`,
  schema: { type: ["string", "number"] },
};

/** A port; 0 is none, or any. */
export const port = upTo(65535);

export const flag: OptionKind<boolean, "flag"> = {
  form: "flag",
  read: (given) => given,
  accepts: (value) => typeof value === "boolean",
  expected: "true or false",
  schema: { type: "boolean" },
};

export const address = textMatching((text) => isIP(text) !== 0, "an IP address");

/** An IP address and a port; a program may leave it empty. */
export const boundSocket: OptionKind<string, "text"> = orEmpty(
  textMatching(
    (text) => parseSocket(text) !== undefined,
    "an IP address and a port, such as 127.0.0.1:15053 or [::1]:15053",
  ),
);

/** The parts of a value of `boundSocket`. */
export function parseSocket(text: string): { readonly address: string; readonly port: number } | undefined {
  const [, inBrackets, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = inBrackets ?? plain ?? "";
  const port = Number(digits);
  return isIP(address) === (inBrackets === undefined ? 4 : 6) && port >= 1 && port <= 65535
    ? { address, port }
    : undefined;
}

/** DNS-1123 labels, with dots between them. */
export const dnsName = textMatching(
  (text) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(text),
  'a name like "my-team"',
);

/** DNS-1123 labels, as the names of namespaces are; each once. */
export const namespaces: OptionKind<readonly string[], "joinedTexts"> = {
  form: "joinedTexts",
  read(given, fail) {
    const names = given.split(",").map((name) => name.trim());
    const wrong = names.find((name) => !isLabel(name));
    return wrong === undefined
      ? [...new Set(names)]
      : fail(
          `"${wrong}" is not the name of a namespace; use names separated by commas, such as shop,istio-system`,
        );
  },
  accepts: (value) =>
    Array.isArray(value) && value.every((name) => typeof name === "string" && isLabel(name)),
  expected: "a list of names of namespaces",
  schema: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
};

function isLabel(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}

/** A name as somebody else has given it; a program may leave it empty. */
export const anyName: OptionKind<string, "text"> = orEmpty(
  textMatching((text) => text.trim() !== "", "a name"),
);

const LABEL_VALUE = "[A-Za-z0-9]?(?:[\\w.-]*[A-Za-z0-9])?";
const LABEL_NAME = "(?:[a-z0-9.-]+/)?[A-Za-z0-9](?:[\\w.-]*[A-Za-z0-9])?";
const REQUIREMENT = [
  `!?${LABEL_NAME}`,
  `${LABEL_NAME}\\s*(?:==?|!=)\\s*${LABEL_VALUE}`,
  `${LABEL_NAME}\\s+(?:not)?in\\s*\\(\\s*${LABEL_VALUE}(?:\\s*,\\s*${LABEL_VALUE})*\\s*\\)`,
].join("|");
const SELECTOR = new RegExp(`^\\s*(?:${REQUIREMENT})(?:\\s*,\\s*(?:${REQUIREMENT}))*\\s*$`);

/** Labels as `kubectl -l` reads them; a program may leave it empty. */
export const labelSelector: OptionKind<string, "text"> = orEmpty(
  textMatching(
    (text) => text.length <= 4096 && SELECTOR.test(text),
    'a label selector such as "team=shop,env in (prod, test)"',
  ),
);

/** Where a proxy runs; a program may leave it empty. */
export const locality: OptionKind<string, "text"> = orEmpty(
  textMatching(
    (text) => /^[^/\s]+(\/[^/\s]+){0,2}$/.test(text),
    "REGION/ZONE/SUBZONE, the last two optional",
  ),
);

/** A folder, which need not be there. A program has no folder that all its paths are seen from; it may leave it empty. */
export const folder: OptionKind<string, "path"> = {
  form: "path",
  read: (given) => path.resolve(given),
  accepts: (value) => typeof value === "string" && (value === "" || path.isAbsolute(value)),
  expected: "an absolute path, or empty",
  show: String,
  schema: { type: "string" },
};

/** Where a log is written: a file, or standard output for `-`. Empty: nowhere. */
export const logPath: OptionKind<string, "path"> = {
  ...folder,
  read: (given) =>
    given === STANDARD_OUTPUT || given === "/dev/stdout" ? STANDARD_OUTPUT : path.resolve(given),
  accepts: (value) => value === STANDARD_OUTPUT || folder.accepts(value),
  expected: `an absolute path, "${STANDARD_OUTPUT}" for standard output, or empty`,
};

/** A Unix socket that is to be opened, in a folder that is there by then. */
export const socket: OptionKind<string, "path"> = {
  ...folder,
  read(given, fail) {
    const bytes = Buffer.byteLength(path.resolve(given));
    return bytes <= LONGEST_SOCKET_PATH
      ? path.resolve(given)
      : fail(`the path has ${bytes} bytes; that of a Unix socket may have at most ${LONGEST_SOCKET_PATH}`);
  },
  accepts: (value) => folder.accepts(value) && Buffer.byteLength(String(value)) <= LONGEST_SOCKET_PATH,
  expected: `an absolute path of at most ${LONGEST_SOCKET_PATH} bytes, or empty`,
};

/** A file or a folder that is to be written, as it was named. */
export const file: OptionKind<string, "path"> = { ...folder, read: (given) => given };

export const files: OptionKind<readonly string[], "paths"> = {
  form: "paths",
  read: (given) => given,
  accepts: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
  expected: "a list of paths",
  schema: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
};

/** Patterns of paths, in the order in which they were given. */
export const patterns: OptionKind<readonly string[], "texts"> = {
  form: "texts",
  read: (given) => given,
  accepts: files.accepts,
  expected: "a list of patterns",
  schema: files.schema,
};

/** Name → value, as Kubernetes labels things. */
export const labels: OptionKind<Readonly<Record<string, string>>, "joinedPairs"> = {
  form: "joinedPairs",
  read(given, fail) {
    // Not an object at once: a label may be called __proto__.
    const found = new Map<string, string>();
    for (const entry of given.split(",")) {
      const separator = entry.indexOf("=");
      if (entry.trim() === "") {
        continue;
      }
      if (separator < 1) {
        return fail(`"${entry}" is not a label; use NAME=VALUE, separated by commas`);
      }
      found.set(entry.slice(0, separator).trim(), entry.slice(separator + 1).trim());
    }
    return Object.fromEntries(found);
  },
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Map) &&
    Object.values(value).every((one) => typeof one === "string"),
  expected: "an object of strings",
  show: (value) =>
    Object.entries(value)
      .map(([name, label]) => `${name}=${label}`)
      .join(","),
  schema: {
    anyOf: [
      { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } },
      { type: "array", items: { type: "string" } },
    ],
  },
};

function textMatching(isValid: (text: string) => boolean, expected: string): OptionKind<string, "text"> {
  return {
    form: "text",
    read: (given, fail) => (isValid(given) ? given : fail(`"${given}" is not valid; use ${expected}`)),
    accepts: (value) => typeof value === "string" && isValid(value),
    expected,
    show: String,
    schema: { type: "string" },
  };
}

/** The same, which a program may leave empty. */
export function orEmpty<T extends string>(kind: OptionKind<T, "text">): OptionKind<T | "", "text"> {
  return {
    ...kind,
    accepts: (value) => value === "" || kind.accepts(value),
    show: String,
    expected: `${kind.expected}, or empty`,
  };
}
