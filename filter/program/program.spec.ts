import { arenaReset, heapAlloc } from "../host/memory";
import { ascii, equalBytes } from "../host/text";
import * as layout from "../layout";
import { fileTables } from "../load/file-tables";
import { program, strings, useProgram } from "./current";
import { checksum } from "./hash";
import { findHost } from "./host-name";
import { lineLength, lineNext, lineText, reserveSlots } from "./lines";
import { findRoute } from "./match";
import { attributeLine, beginRequest, takeHeader } from "./request";
import { NOT_FOUND, tableFind } from "./table";
import { verifyProgram } from "./verify/program";
import { refusal, refusalOffset } from "./verify/refusal";

// A program put together by hand, so that nothing here depends on the encoder:
//   a.example → /one: route 0; x-a: v → route 1; prefix /two → route 2
const TEXT = "a.example/onex-av/twoq";
const BLOB_SIZE: u32 = 600;
const blob = heapAlloc(BLOB_SIZE);
let at: u32 = 0;

function word(value: u32): void {
  store<u32>(blob + at, value);
  at += 4;
}

/** Begins a record of so many words and returns its offset. */
function record(kind: u32, words: u32): u32 {
  word(kind | (words << layout.RECORD_SIZE_SHIFT));
  return at - 4;
}

function table(kind: u32, text: u32, length: u32, value: u32): u32 {
  const offset = record(kind, 9);
  word(1);
  word(0);
  word(0);
  word(0);
  word(0);
  word(text);
  word(length);
  word(value);
  return offset;
}

let leaf: u32 = 0;
let response: u32 = 0;

function build(): u32 {
  memory.fill(blob, 0, BLOB_SIZE);
  at = layout.HEADER_SIZE;
  const headers = table(layout.KIND_ATTRIBUTE_TABLE, 13, 3, 2);
  const query = table(layout.KIND_ATTRIBUTE_TABLE, 21, 1, 3);
  const attributes = record(layout.KIND_ATTRIBUTES, 9);
  word(headers);
  word(query);
  word(4);
  word(3);
  word(1 << 3);
  word(0);
  word(0);
  word(4);
  response = record(layout.KIND_RESPONSE, 6);
  word(0);
  word(204);
  word(0);
  word(0);
  word(0);
  const onA = record(layout.KIND_PREDICATES, 4);
  word(layout.PREDICATE_EXACT | (2 << layout.PREDICATE_ATTRIBUTE_SHIFT));
  word(16);
  word(1);
  leaf = record(layout.KIND_LEAF, 4);
  word(1);
  word(1);
  word(onA);
  const paths = table(layout.KIND_NODE_TABLE, 9, 4, (0 << layout.NODE_SHIFT) | layout.NODE_DIRECT);
  const prefixes = record(layout.KIND_TRIE, 7);
  word(17);
  word(4);
  word((2 << layout.NODE_SHIFT) | layout.NODE_DIRECT);
  word(0);
  word(layout.ROUTE_NONE);
  word(0);
  const root = record(layout.KIND_SWITCH, 8);
  word(0);
  word(layout.ATTRIBUTE_PATH);
  word(leaf);
  word(paths);
  word(prefixes);
  word(0);
  word(layout.NODE_NONE);
  const domains = table(layout.KIND_NODE_TABLE, 0, 9, root);
  const routes = at;
  word(response);
  word(response);
  word(response);
  const stringsAt = at;
  for (let i = 0; i < TEXT.length; i++) store<u8>(blob + at++, <u8>TEXT.charCodeAt(i));
  at = (at + 3) & ~3;
  store<u32>(blob, layout.MAGIC, layout.HEADER_MAGIC);
  store<u32>(blob, layout.FORMAT_VERSION, layout.HEADER_VERSION);
  store<u32>(blob, at, layout.HEADER_LENGTH);
  store<u32>(blob, layout.FLAG_IGNORE_PORT, layout.HEADER_FLAGS);
  store<u32>(blob, layout.HEADER_SIZE, layout.HEADER_RECORDS);
  store<u32>(blob, routes, layout.HEADER_ROUTES);
  store<u32>(blob, stringsAt, layout.HEADER_STRINGS);
  store<u32>(blob, 3, layout.HEADER_ROUTE_COUNT);
  store<u32>(blob, attributes, layout.HEADER_ATTRIBUTES);
  store<u32>(blob, domains, layout.HEADER_DOMAINS);
  store<u32>(blob, layout.NODE_NONE, layout.HEADER_DEFAULT_NODE);
  seal();
  return at;
}

function seal(): void {
  store<u32>(
    blob,
    checksum(blob + layout.HEADER_CHECKSUM + 4, at - layout.HEADER_CHECKSUM - 4),
    layout.HEADER_CHECKSUM,
  );
}

/** Changes one word of a good program, keeps the checksum right, and asks for the verdict. */
function acceptsWith(offset: u32, value: u32): bool {
  const size = build();
  store<u32>(blob + offset, value);
  seal();
  return verifyProgram(blob, size);
}

describe("the verifier", () => {
  it("accepts a good program", () => {
    expect(verifyProgram(blob, build())).toBe(true);
  });

  it("says why it refuses, and where", () => {
    const size = build();
    expect(verifyProgram(blob, layout.HEADER_SIZE - 4)).toBe(false);
    expect(refusal).toBe("it is too short to be a routing program");
    expect(verifyProgram(blob, size - 4)).toBe(false);
    expect(refusal).toBe("it is cut short");
    expect(refusalOffset).toBe(layout.HEADER_LENGTH);
    expect(acceptsWith(layout.HEADER_MAGIC, 1)).toBe(false);
    expect(refusal).toBe("it is not a routing program");
    expect(acceptsWith(layout.HEADER_VERSION, layout.FORMAT_VERSION + 1)).toBe(false);
    expect(refusal).toBe("it is of a newer format version than this filter knows");
    build();
    store<u32>(blob, load<u32>(blob, layout.HEADER_CHECKSUM) ^ 1, layout.HEADER_CHECKSUM);
    expect(verifyProgram(blob, size)).toBe(false);
    expect(refusal).toBe("its checksum is wrong");
    expect(acceptsWith(response + 8, 99)).toBe(false);
    expect(refusal).toBe("a record is damaged");
    expect(refusalOffset).toBe(response);
  });

  it("refuses a table with anything in the room of the filter", () => {
    const domains = load<u32>(blob, layout.HEADER_DOMAINS);
    expect(acceptsWith(domains + layout.TABLE_STARTS, 1)).toBe(false);
    expect(acceptsWith(domains + layout.TABLE_STARTS + 4, 1)).toBe(false);
    expect(acceptsWith(domains + layout.TABLE_STARTS + 8 + layout.ENTRY_HASH, 1)).toBe(false);
  });

  it("refuses unknown flags and sections out of place", () => {
    expect(acceptsWith(layout.HEADER_FLAGS, 0x80)).toBe(false);
    expect(acceptsWith(layout.HEADER_ROUTES, BLOB_SIZE)).toBe(false);
    expect(acceptsWith(layout.HEADER_STRINGS, 0xfffffffc)).toBe(false);
    expect(acceptsWith(layout.HEADER_ROUTE_COUNT, 4)).toBe(false);
    expect(acceptsWith(layout.HEADER_ATTRIBUTES, leaf)).toBe(false);
    expect(acceptsWith(layout.HEADER_DOMAINS, leaf)).toBe(false);
    expect(acceptsWith(layout.HEADER_DEFAULT_NODE, response)).toBe(false);
  });

  it("refuses references to anything but a record before", () => {
    // The leaf's route, and its predicates: into the middle of a record, forwards, at itself.
    expect(acceptsWith(leaf + 8, 3)).toBe(false);
    expect(acceptsWith(leaf + 12, response + 4)).toBe(false);
    expect(acceptsWith(leaf + 12, leaf + 16)).toBe(false);
    expect(acceptsWith(leaf + 12, leaf)).toBe(false);
    expect(acceptsWith(leaf + 12, 0)).toBe(true);
  });
});

function decide(authority: string, path: string, name: string = "", value: string = ""): u32 {
  arenaReset();
  beginRequest(blob);
  takeHeader(ascii(":authority"), 10, ascii(authority), authority.length);
  takeHeader(ascii(":path"), 5, ascii(path), path.length);
  if (name.length) takeHeader(ascii(name), name.length, ascii(value), value.length);
  return findRoute(findHost(ascii(authority), authority.length), layout.ROUTE_NONE);
}

describe("a program", () => {
  it("decides", () => {
    verifyProgram(blob, build());
    fileTables(blob);
    reserveSlots(4);
    useProgram(blob);
    expect(decide("a.example", "/one")).toBe(0);
    expect(decide("A.EXAMPLE:80", "/one?q=1")).toBe(0);
    expect(decide("a.example", "/one/")).toBe(layout.ROUTE_NONE);
    expect(decide("a.example", "/")).toBe(layout.ROUTE_NONE);
    expect(decide("a.example", "/two/three")).toBe(2);
    expect(decide("a.example", "/two", "x-a", "v")).toBe(1);
    expect(decide("a.example", "/one", "x-a", "v")).toBe(0);
    expect(decide("a.example", "/", "x-a", "w")).toBe(layout.ROUTE_NONE);
    expect(decide("b.example", "/one")).toBe(layout.ROUTE_NONE);
  });

  it("finds in its tables what is in them", () => {
    const domains = load<u32>(program, layout.HEADER_DOMAINS);
    expect(tableFind(domains, ascii("a.example"), 9) != NOT_FOUND).toBe(true);
    expect(tableFind(domains, ascii("a.exampl"), 8)).toBe(NOT_FOUND);
    expect(tableFind(0, ascii("a.example"), 9)).toBe(NOT_FOUND);
    expect(equalBytes(strings, ascii("a.example"), 9)).toBe(true);
  });
});

describe("a request", () => {
  it("keeps every line of a header that a rule names, and no other", () => {
    arenaReset();
    beginRequest(blob);
    expect(<u32>attributeLine(2)).toBe(0);
    takeHeader(ascii("x-a"), 3, ascii("1"), 1);
    takeHeader(ascii("x-b"), 3, ascii("2"), 1);
    takeHeader(ascii("x-a"), 3, ascii("33"), 2);
    const first = attributeLine(2);
    expect(lineLength(first)).toBe(1);
    expect(load<u8>(lineText(first))).toBe(0x31);
    expect(lineLength(lineNext(first))).toBe(2);
    expect(<u32>lineNext(lineNext(first))).toBe(0);
    beginRequest(blob);
    expect(<u32>attributeLine(2)).toBe(0);
  });

  it("reads its query when it is asked for, first occurrence only", () => {
    arenaReset();
    beginRequest(blob);
    takeHeader(ascii(":path"), 5, ascii("/one?p=0&q=12&q=3"), 17);
    const line = attributeLine(3);
    expect(lineLength(line)).toBe(2);
    expect(<u32>lineNext(line)).toBe(0);
    expect(lineLength(attributeLine(layout.ATTRIBUTE_PATH))).toBe(4);
  });
});
