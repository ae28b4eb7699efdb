/**
 * What is in a blob, for people: `sluice inspect`. Reads the bytes back without any help from the encoder, so a
 * blob from elsewhere can be looked at; what each route asks for is told from the decision graph.
 */

import * as layout from "../../../filter/layout.ts";
import { compareStrings } from "../../ir/text.ts";
import { checksum } from "./hash.ts";
import { isPacked, unpackProgram } from "./pack.ts";

export interface ProgramDescription {
  /** Bytes of the blob. */
  readonly size: number;
  /** Bytes that its program takes in the filter, which unpacks it. */
  readonly unpackedSize: number;
  readonly formatVersion: number;
  /** Eight hexadecimal digits. */
  readonly checksum: string;
  readonly ignorePortInHost: boolean;
  readonly virtualHostCount: number;
  readonly sections: readonly { readonly name: string; readonly offset: number; readonly size: number }[];
  /** What the records are, largest share first. */
  readonly records: readonly { readonly kind: string; readonly count: number; readonly size: number }[];
  /** Names of the headers and query parameters that rules ask for. */
  readonly headers: readonly string[];
  readonly queryParams: readonly string[];
  readonly hosts: readonly HostDescription[];
}

/** Domains that share their routes, and these in the order they are tried. */
export interface HostDescription {
  readonly domains: readonly string[];
  readonly routes: readonly RouteDescription[];
}

export interface RouteDescription {
  readonly index: number;
  /** As statistics and logs call it, where they do. */
  readonly rule?: string;
  /** All must hold; none takes every request. */
  readonly conditions: readonly string[];
  /** What is met before the fault. */
  readonly limit?: string;
  readonly fault?: string;
  readonly outcome: string;
}

/** The bytes are not a routing program that can be read; the message says why. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
}

const KIND_NAMES = new Map<number, string>(
  Object.entries(layout).flatMap(([name, kind]) =>
    typeof kind === "number" && name.startsWith("KIND_")
      ? [[kind, name.slice(5).toLowerCase().replaceAll("_", " ")] as const]
      : [],
  ),
);

/** Reads a blob. Throws a `ProgramError` for bytes that are not one. */
export function describeProgram(bytes: Uint8Array): ProgramDescription {
  if (isPacked(bytes)) {
    checkOrigin(bytes);
  }
  const program = unpackProgram(bytes);
  if (program === undefined) {
    throw new ProgramError("it cannot be unpacked");
  }
  return { ...new Reader(program).describe(), size: bytes.length };
}

/** Throws a `ProgramError` where version, length or checksum of a program, or of a packed one, are wrong. */
function checkOrigin(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(layout.HEADER_VERSION, true);
  if (version !== layout.FORMAT_VERSION) {
    throw new ProgramError(
      `the blob has format version ${version}; this version of Sluice reads ${layout.FORMAT_VERSION}`,
    );
  }
  const length = view.getUint32(layout.HEADER_LENGTH, true);
  if (length !== bytes.length || length % 4 !== 0) {
    throw new ProgramError(
      `the blob has ${bytes.length} bytes instead of ${length}: it is truncated or damaged`,
    );
  }
  if (checksum(bytes.subarray(layout.HEADER_CHECKSUM + 4)) !== view.getUint32(layout.HEADER_CHECKSUM, true)) {
    throw new ProgramError("the checksum is wrong");
  }
}

interface Attribute {
  readonly kind: "path" | "header" | "query" | "claim";
  readonly name: string;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #decoder = new TextDecoder();
  readonly #attributes: Attribute[] = [];
  #strings = 0;
  #routes = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  describe(): ProgramDescription {
    this.#checkHeader();
    const size = this.#bytes.length;
    this.#routes = this.#u32(layout.HEADER_ROUTES);
    this.#strings = this.#u32(layout.HEADER_STRINGS);
    this.#readAttributes(this.#u32(layout.HEADER_ATTRIBUTES));
    const names = this.#u32(layout.HEADER_NAMES);
    const routesEnd = names === 0 ? this.#strings : names;
    const namesOf = (kind: Attribute["kind"]) =>
      this.#attributes.filter((attribute) => attribute.kind === kind).map(({ name }) => name);
    return {
      size,
      unpackedSize: size,
      formatVersion: this.#u32(layout.HEADER_VERSION),
      checksum: this.#u32(layout.HEADER_CHECKSUM).toString(16).padStart(8, "0"),
      ignorePortInHost: (this.#u32(layout.HEADER_FLAGS) & layout.FLAG_IGNORE_PORT) !== 0,
      virtualHostCount: this.#u32(layout.HEADER_HOST_COUNT),
      sections: [
        { name: "header", offset: 0, size: layout.HEADER_SIZE },
        { name: "records", offset: layout.HEADER_SIZE, size: this.#routes - layout.HEADER_SIZE },
        { name: "routes", offset: this.#routes, size: routesEnd - this.#routes },
        ...(names === 0 ? [] : [{ name: "names", offset: names, size: this.#strings - names }]),
        { name: "strings", offset: this.#strings, size: size - this.#strings },
      ],
      records: this.#records(),
      headers: namesOf("header"),
      queryParams: namesOf("query"),
      hosts: this.#hosts(),
    };
  }

  #checkHeader(): void {
    if (this.#bytes.length < layout.HEADER_SIZE || this.#u32(layout.HEADER_MAGIC) !== layout.MAGIC) {
      throw new ProgramError("this is not a routing blob");
    }
    checkOrigin(this.#bytes);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  #u64(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  #string(offset: number, length: number): string {
    const start = this.#strings + offset;
    return this.#decoder.decode(this.#bytes.subarray(start, start + length));
  }

  #kind(record: number): number {
    return this.#u32(record) & layout.RECORD_KIND_MASK;
  }

  #size(record: number): number {
    return (this.#u32(record) >>> layout.RECORD_SIZE_SHIFT) * 4;
  }

  #records(): ProgramDescription["records"] {
    const kinds = new Map<string, { count: number; size: number }>();
    for (let at: number = layout.HEADER_SIZE; at < this.#routes; at += this.#size(at)) {
      const name = KIND_NAMES.get(this.#kind(at)) ?? "unknown";
      const sum = kinds.get(name) ?? { count: 0, size: 0 };
      kinds.set(name, { count: sum.count + 1, size: sum.size + this.#size(at) });
      if (this.#size(at) === 0) {
        throw new ProgramError(`the record at byte ${at} is empty`);
      }
    }
    return [...kinds]
      .map(([kind, { count, size }]) => ({ kind, count, size }))
      .sort((a, b) => b.size - a.size || compareStrings(a.kind, b.kind));
  }

  /** The entries of a table, in the order they are in the blob. */
  *#table(record: number): Generator<readonly [text: string, value: number]> {
    if (record === 0) {
      return;
    }
    const count = this.#u32(record + layout.TABLE_COUNT);
    const starts = (this.#u32(record + layout.TABLE_MASK) + 2) * 4;
    let entry = record + layout.TABLE_STARTS + starts;
    for (let i = 0; i < count; i++, entry += layout.TABLE_ENTRY_SIZE) {
      const text = this.#string(
        this.#u32(entry + layout.ENTRY_STRING),
        this.#u32(entry + layout.ENTRY_LENGTH),
      );
      yield [text, this.#u32(entry + layout.ENTRY_VALUE)];
    }
  }

  /** What is found at the end of each prefix in a tree. Prefixes are cut at bytes, not characters: ASCII is exact. */
  *#trie(root: number): Generator<readonly [prefix: string, reference: number]> {
    // A stack of our own: prefixes can nest as deep as they are long.
    const stack: { trie: number; above: string }[] = root === 0 ? [] : [{ trie: root, above: "" }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      const { trie, above } = top;
      const at = this.#strings + this.#u32(trie + layout.TRIE_LABEL);
      const label = this.#bytes.subarray(at, at + this.#u32(trie + layout.TRIE_LABEL_LENGTH));
      const prefix = above + Buffer.from(label).toString("latin1");
      const reference = this.#u32(trie + layout.TRIE_NODE);
      if (reference !== 0) {
        yield [Buffer.from(prefix, "latin1").toString(), reference];
      }
      const count = this.#u32(trie + layout.TRIE_CHILD_COUNT);
      const keys = count <= layout.TRIE_LIST_MAX ? (count + 3) & ~3 : layout.TRIE_BITMAP_SIZE;
      for (let i = 0; i < count; i++) {
        stack.push({ trie: this.#u32(trie + layout.TRIE_KEYS + keys + i * 4), above: prefix });
      }
    }
  }

  /** The candidates of a BITS record, each with its conditions. */
  #bits(node: number): (readonly [route: number, conditions: string[]])[] {
    const count = this.#u32(node + layout.BITS_COUNT);
    const found: [number, string[]][] = [];
    for (let i = 0; i < count; i++) {
      const entry = node + layout.BITS_CANDIDATES + i * layout.LEAF_ENTRY_SIZE;
      const predicates = this.#u32(entry + 4);
      found.push([this.#u32(entry), predicates ? this.#predicates(predicates) : []]);
    }
    const rowSize = ((count + 31) >>> 5) * 4;
    let part = node + layout.BITS_CANDIDATES + count * layout.LEAF_ENTRY_SIZE;
    for (let i = this.#u32(node + layout.BITS_ATTRIBUTES); i > 0; i--) {
      const attribute = this.#attribute(this.#u32(part + layout.BITS_ATTRIBUTE));
      const told = new Set<number>();
      const tell = (list: number, verb: string, value: string) => {
        const end = list + this.#size(list);
        for (let at = list + layout.LIST_ENTRIES; at < end; at += 4) {
          const word = this.#u32(at);
          const position = (word & ~layout.LIST_CLEAR) >>> 0;
          const not = word & layout.LIST_CLEAR ? "not " : "";
          told.add(position);
          found[position]?.[1].push(`${not}${attribute} ${verb} ${JSON.stringify(value)}`);
        }
      };
      for (const [value, list] of this.#table(this.#u32(part + layout.BITS_EXACT))) {
        tell(list, "=", value);
      }
      for (const [value, list] of this.#trie(this.#u32(part + layout.BITS_PREFIXES))) {
        tell(list, "starts with", value);
      }
      const bit = (row: number, position: number) =>
        (this.#u32(part + layout.BITS_ROWS + row + (position >>> 5) * 4) >>> (position & 31)) & 1;
      for (let position = 0; position < count; position++) {
        const present = bit(0, position);
        if (told.has(position) || present === bit(rowSize, position)) {
          continue;
        }
        found[position]![1].push(`${present ? "" : "not "}${attribute} present`);
      }
      part += layout.BITS_ROWS + 2 * rowSize;
    }
    return found;
  }

  #readAttributes(record: number): void {
    this.#attributes[layout.ATTRIBUTE_PATH] = { kind: "path", name: "path" };
    this.#attributes[layout.ATTRIBUTE_PATH_LOWER] = { kind: "path", name: "path (any case)" };
    for (const [name, number] of this.#table(this.#u32(record + layout.ATTRIBUTES_HEADERS))) {
      this.#attributes[number] = { kind: "header", name };
    }
    for (const [name, number] of this.#table(this.#u32(record + layout.ATTRIBUTES_QUERY))) {
      this.#attributes[number] = { kind: "query", name };
    }
    for (const [name, number] of this.#table(this.#u32(record + layout.ATTRIBUTES_CLAIMS))) {
      this.#attributes[number] = { kind: "claim", name: name.replaceAll("\0", ".") };
    }
  }

  #attribute(number: number): string {
    const attribute = this.#attributes[number];
    if (!attribute) {
      return `attribute ${number}`;
    }
    return attribute.kind === "path" ? attribute.name : `${attribute.kind} ${attribute.name}`;
  }

  #hosts(): HostDescription[] {
    const domains = new Map<number, string[]>();
    const add = (domain: string, node: number) => {
      const known = domains.get(node);
      if (known) {
        known.push(domain);
      } else {
        domains.set(node, [domain]);
      }
    };
    for (const [domain, node] of this.#table(this.#u32(layout.HEADER_DOMAINS))) {
      add(domain, node);
    }
    for (const [suffix, node] of this.#table(this.#u32(layout.HEADER_SUFFIXES))) {
      add(`*${suffix}`, node);
    }
    const defaultNode = this.#u32(layout.HEADER_DEFAULT_NODE);
    if (defaultNode !== layout.NODE_NONE) {
      add("*", defaultNode);
    }
    return [...domains]
      .map(([node, names]) => ({ domains: names.sort(), routes: this.#routesBelow(node) }))
      .sort((a, b) => (a.routes[0]?.index ?? 0) - (b.routes[0]?.index ?? 0));
  }

  #routesBelow(root: number): RouteDescription[] {
    const found = new Map<number, RouteDescription>();
    const add = (index: number, conditions: readonly string[]) => {
      if (!found.has(index)) {
        found.set(index, { index, ...this.#rule(index), conditions, ...this.#outcome(index) });
      }
    };
    const visit = (node: number, conditions: readonly string[]): void => {
      if (node === layout.NODE_NONE) {
        return;
      }
      if ((node & layout.NODE_TAG_MASK) === layout.NODE_DIRECT) {
        add(node >>> layout.NODE_SHIFT, conditions);
        return;
      }
      const kind = this.#kind(node);
      if (kind === layout.KIND_LEAF) {
        const end = node + this.#size(node);
        for (let entry = node + layout.LEAF_ENTRIES; entry < end; entry += layout.LEAF_ENTRY_SIZE) {
          const predicates = this.#u32(entry + 4);
          add(this.#u32(entry), predicates ? [...conditions, ...this.#predicates(predicates)] : conditions);
        }
        return;
      }
      if (kind === layout.KIND_BITS) {
        for (const [route, own] of this.#bits(node)) {
          add(route, [...conditions, ...own]);
        }
        return;
      }
      if (kind === layout.KIND_FAN) {
        const end = node + this.#size(node);
        for (let entry = node + layout.FAN_ENTRIES; entry < end; entry += layout.FAN_ENTRY_SIZE) {
          visit(this.#u32(entry + 4), conditions);
        }
        visit(this.#u32(node + layout.FAN_REST), conditions);
        return;
      }
      const attribute = this.#attribute(this.#u32(node + layout.SWITCH_ATTRIBUTE));
      for (const [value, child] of this.#table(this.#u32(node + layout.SWITCH_EXACT))) {
        visit(child, [...conditions, `${attribute} = ${JSON.stringify(value)}`]);
      }
      for (const [prefix, child] of this.#trie(this.#u32(node + layout.SWITCH_PREFIXES))) {
        visit(child, [...conditions, `${attribute} starts with ${JSON.stringify(prefix)}`]);
      }
      visit(this.#u32(node + layout.SWITCH_PRESENT), [...conditions, `${attribute} present`]);
      visit(this.#u32(node + layout.SWITCH_REST), conditions);
    };
    visit(root, []);
    return [...found.values()].sort((a, b) => a.index - b.index);
  }

  #predicates(record: number): string[] {
    const texts: string[] = [];
    const end = record + this.#size(record);
    for (let at = record + layout.PREDICATES_ENTRIES; at < end; at += layout.PREDICATE_SIZE) {
      const word = this.#u32(at);
      const operand = this.#u32(at + layout.PREDICATE_OPERAND);
      const length = this.#u32(at + layout.PREDICATE_LENGTH);
      const attribute = this.#attribute(word >>> layout.PREDICATE_ATTRIBUTE_SHIFT);
      const type = word & layout.PREDICATE_TYPE_MASK;
      const not = word & layout.PREDICATE_INVERT ? "not " : "";
      const empty = word & layout.PREDICATE_MISSING_AS_EMPTY ? " (absent counts as empty)" : "";
      let text = `${attribute} present`;
      if (type === layout.PREDICATE_EXACT) {
        text = `${attribute} = ${JSON.stringify(this.#string(operand, length))}`;
      }
      if (type === layout.PREDICATE_PREFIX) {
        text = `${attribute} starts with ${JSON.stringify(this.#string(operand, length))}`;
      }
      if (type === layout.PREDICATE_REGEX) {
        text = `${attribute} matches the expression at byte ${operand}`;
      }
      texts.push(`${not}${text}${empty}`);
    }
    return texts;
  }

  #rule(route: number): { rule?: string } {
    const names = this.#u32(layout.HEADER_NAMES);
    const record = names === 0 ? 0 : this.#u32(names + route * 4);
    return record === 0
      ? {}
      : {
          rule: this.#string(this.#u32(record + layout.RULE_STRING), this.#u32(record + layout.RULE_LENGTH)),
        };
  }

  #outcome(route: number): { limit?: string; fault?: string; outcome: string } {
    const record = this.#u32(this.#routes + route * 4);
    const fault = this.#before(this.#u32(record + layout.OUTCOME_BEFORE));
    const kind = this.#kind(record);
    if (kind === layout.KIND_RESPONSE) {
      const status = this.#u32(record + layout.RESPONSE_STATUS);
      const length = this.#u32(record + layout.RESPONSE_BODY_LENGTH);
      const lines = this.#lines(this.#u32(record + layout.RESPONSE_LINES));
      return { ...fault, outcome: [`answer ${status} with ${length} bytes`, ...lines].join("; ") };
    }
    if (kind === layout.KIND_REDIRECT) {
      const text = (at: number) => this.#string(this.#u32(record + at), this.#u32(record + at + 4));
      const replaced = [
        "{path and query}",
        "",
        `{path behind ${this.#u32(record + layout.REDIRECT_MATCHED)}}`,
        "{query}",
      ];
      const rest = replaced[this.#u32(record + layout.REDIRECT_PATH_KIND)];
      const scheme = text(layout.REDIRECT_SCHEME) || "{scheme}";
      const host = text(layout.REDIRECT_HOST) || "{host}";
      const to = `${scheme}://${host}${text(layout.REDIRECT_PORT)}${text(layout.REDIRECT_PATH)}${rest}`;
      const lines = this.#lines(this.#u32(record + layout.REDIRECT_LINES));
      const status = this.#u32(record + layout.REDIRECT_STATUS) & layout.REDIRECT_STATUS_MASK;
      const length = this.#u32(record + layout.REDIRECT_BODY_LENGTH);
      const body = length > 0 ? [`${length} bytes`] : [];
      return { ...fault, outcome: [`answer ${status} with location ${to}`, ...body, ...lines].join("; ") };
    }
    const headers = [
      ...this.#headerTexts(this.#u32(record + layout.FORWARD_HEADERS)),
      ...this.#timeout(record),
      ...this.#edits(this.#u32(record + layout.FORWARD_EDITS)),
    ];
    const text = (at: number) => this.#string(this.#u32(at), this.#u32(at + 4));
    if (kind === layout.KIND_FORWARD_ONE) {
      return { ...fault, outcome: [`to ${text(record + layout.FORWARD_ONE_STRING)}`, ...headers].join("; ") };
    }
    const shares: string[] = [];
    let below = 0n;
    const end = record + this.#size(record);
    for (let share = record + layout.FORWARD_SHARES; share < end; share += layout.SHARE_SIZE) {
      const cumulative = this.#u64(share + layout.SHARE_CUMULATIVE);
      const own = [
        ...this.#headerTexts(this.#u32(share + layout.SHARE_HEADERS)),
        ...this.#edits(this.#u32(share + layout.SHARE_EDITS)),
        ...this.#lines(this.#u32(share + layout.SHARE_LINES)).map((line) => `when aborted ${line}`),
      ];
      const more = own.length > 0 ? ` (${own.join("; ")})` : "";
      shares.push(`${cumulative - below} × ${text(share + layout.SHARE_STRING)}${more}`);
      below = cumulative;
    }
    const sticky = this.#sticky(this.#u32(record + layout.FORWARD_STICKY));
    return { ...fault, outcome: [`to ${shares.join(", ")}`, ...sticky, ...headers].join("; ") };
  }

  /** What a split is a function of. */
  #sticky(record: number): string[] {
    if (record === 0) {
      return [];
    }
    const name = this.#string(
      this.#u32(record + layout.STICKY_NAME),
      this.#u32(record + layout.STICKY_NAME_LENGTH),
    );
    const attribute = this.#u32(record + layout.STICKY_ATTRIBUTE);
    const source = this.#u32(record + layout.STICKY_SOURCE);
    if (source === layout.STICKY_BY_ADDRESS) {
      return ["sticky by source address"];
    }
    return [
      `sticky by ${source === layout.STICKY_BY_COOKIE ? `cookie ${name}` : this.#attribute(attribute)}`,
    ];
  }

  #timeout(record: number): string[] {
    const ms = this.#u64(record + layout.FORWARD_TIMEOUT);
    return ms > 0n ? [`${layout.TIMEOUT_HEADER}: ${ms}, or the deadline of a gRPC client`] : [];
  }

  #headerTexts(record: number): string[] {
    if (record === 0) {
      return [];
    }
    const texts: string[] = [];
    const end = record + this.#size(record);
    for (let at = record + layout.HEADERS_ENTRIES; at < end; at += layout.HEADERS_ENTRY_SIZE) {
      const name = this.#string(this.#u32(at), this.#u32(at + 4));
      texts.push(`${name}: ${this.#string(this.#u32(at + 8), this.#u32(at + 12))}`);
    }
    return texts;
  }

  /** What is changed in a request. */
  #edits(record: number): string[] {
    if (record === 0) {
      return [];
    }
    const texts: string[] = [];
    const end = record + this.#size(record);
    for (let at = record + layout.EDITS_ENTRIES; at < end; at += layout.EDITS_ENTRY_SIZE) {
      const edit = this.#u32(at);
      const length = this.#u32(at + 8);
      const name = edit < layout.EDIT_HOST ? this.#string(this.#u32(at + 4), length) : "";
      const value = JSON.stringify(this.#string(this.#u32(at + 12), this.#u32(at + 16)));
      if (edit === layout.EDIT_REMOVE) {
        texts.push(`remove ${name}`);
      } else if (edit === layout.EDIT_SET) {
        texts.push(`set ${name} to ${value}`);
      } else if (edit === layout.EDIT_ADD) {
        texts.push(`add ${name} ${value}`);
      } else if (edit === layout.EDIT_HOST) {
        texts.push(`set the host to ${value}`);
      } else if (edit === layout.EDIT_PATH) {
        texts.push(`set the path to ${value}`);
      } else {
        texts.push(`set the first ${length} bytes of the path to ${value}`);
      }
    }
    return texts;
  }

  /** Header lines of an answer. */
  #lines(record: number): string[] {
    if (record === 0) {
      return [];
    }
    let at = record + layout.LINES_TEXT;
    const count = this.#u32(at);
    const sizes = Array.from({ length: count * 2 }, (_, i) =>
      this.#u32(record + layout.LINES_TEXT + 4 + i * 4),
    );
    at += 4 + sizes.length * 4;
    const texts = sizes.map((size) => {
      const text = this.#decoder.decode(this.#bytes.subarray(at, at + size));
      at += size + 1;
      return text;
    });
    return Array.from({ length: count }, (_, i) => `${texts[i * 2]}: ${texts[i * 2 + 1]}`);
  }

  #before(record: number): { limit?: string; fault?: string } {
    if (record === 0) {
      return {};
    }
    if (this.#kind(record) !== layout.KIND_LIMIT) {
      return { fault: this.#fault(record) };
    }
    const fault = this.#u32(record + layout.LIMIT_FAULT);
    return { limit: this.#limit(record), ...(fault > 0 && { fault: this.#fault(fault) }) };
  }

  #limit(record: number): string {
    const token = this.#u64(record + layout.LIMIT_TOKEN);
    const burst = this.#u64(record + layout.LIMIT_AHEAD) / token + 1n;
    const by = this.#u32(record + layout.LIMIT_BY);
    const key =
      by === layout.LIMIT_BY_HEADER || by === layout.LIMIT_BY_CLAIM
        ? ` by ${this.#attribute(this.#u32(record + layout.LIMIT_ATTRIBUTE))}`
        : by === layout.LIMIT_BY_ADDRESS
          ? " by client address"
          : "";
    const lines = this.#lines(this.#u32(record + layout.LIMIT_LINES));
    return [`one request in ${Number(token) / 1e6} ms and ${burst} at once${key}`, ...lines].join("; ");
  }

  #fault(record: number): string {
    const parts: string[] = [];
    const percent = (at: number) => `${this.#u32(record + at) / 10_000} %`;
    if (this.#u32(record + layout.FAULT_DELAY_PPM) > 0) {
      parts.push(
        `delay ${this.#u32(record + layout.FAULT_DELAY_MS)} ms for ${percent(layout.FAULT_DELAY_PPM)}`,
      );
    }
    const kind = this.#u32(record + layout.FAULT_ABORT_KIND);
    if (kind !== layout.ABORT_NONE) {
      const protocol = kind === layout.ABORT_GRPC ? "gRPC " : "";
      const status = this.#u32(record + layout.FAULT_ABORT_STATUS);
      const lines = this.#lines(this.#u32(record + layout.FAULT_ABORT_LINES));
      const saying = lines.length > 0 ? ` and ${lines.join("; ")}` : "";
      parts.push(`abort with ${protocol}${status}${saying} for ${percent(layout.FAULT_ABORT_PPM)}`);
    }
    return parts.join(", ");
  }
}
