/**
 * The claims of a token, which Envoy's `jwt_authn` filter has verified: it keeps them as dynamic metadata of the request, where no
 * client can write. All metadata is asked for at once, as the message that it is: what the host says of a single value
 * does not tell a text from a list that reads like it.
 *
 * A text is one value; a list is one for each text in it. Numbers, booleans and nulls are none, as in Envoy's own matchers.
 */

import { arenaAlloc } from "../host/memory";
import {
  continueMessage,
  fieldBytes,
  fieldLength,
  fieldNumber,
  messageEnd,
  messagePlace,
  nextField,
  openMessage,
} from "../host/message";
import { getProperty, propertyLength } from "../host/properties";
import { ascii, equalsConstant } from "../host/text";
import * as layout from "../layout";
import { addLine } from "./lines";
import { NOT_FOUND, tableFind } from "./table";

const METADATA = ascii("metadata");
const FILTER = ascii(layout.TOKEN_FILTER);
const PAYLOAD = ascii(layout.CLAIMS_FIELD);

// envoy.config.core.v3.Metadata, google.protobuf.Struct, Value and ListValue; entries of maps have a key and a value.
const METADATA_FILTERS: u32 = 1;
const STRUCT_FIELDS: u32 = 1;
const ENTRY_KEY: u32 = 1;
const ENTRY_VALUE: u32 = 2;
const VALUE_STRING: u32 = 3;
const VALUE_STRUCT: u32 = 5;
const VALUE_LIST: u32 = 6;
const LIST_VALUES: u32 = 1;

/** The value of a map's entry that `findEntry` found. */
let foundValue: usize = 0;
let foundLength: i32 = 0;

// The claims that are lists, in the arena: (attribute, next or 0).
let lists: usize = 0;
const LIST_SIZE: usize = 8;

/** Whether a claim that has lines in this request is a list: a text and a list with that text alone have the same line. */
export function isList(attribute: u32): bool {
  for (let list = lists; list; list = <usize>load<u32>(list, 4))
    if (load<u32>(list) == attribute) return true;
  return false;
}

/** Notes the values of all claims in a table of them. */
export function readClaims(table: u32): void {
  lists = 0;
  if (!table) return;
  const metadata = getProperty(METADATA);
  if (!metadata || !findEntry(METADATA_FILTERS, metadata, propertyLength, FILTER)) return;
  if (!findEntry(STRUCT_FIELDS, foundValue, foundLength, PAYLOAD)) return;
  const payload = valueOf(VALUE_STRUCT, foundValue, foundLength);
  if (payload) readStruct(table, payload, fieldLength, 0, OUTERMOST);
}

/** Looks for a key, which is a constant of `ascii`, in the map that is a field of a message. */
function findEntry(map: u32, message: usize, length: i32, key: usize): bool {
  openMessage(message, length);
  while (nextField()) {
    if (fieldNumber != map || !fieldBytes) continue;
    const place = messagePlace();
    const end = messageEnd();
    const isKey = readEntry(fieldBytes, fieldLength) && equalsConstant(entryKey, entryKeyLength, key);
    if (isKey) return true;
    continueMessage(place, end);
  }
  return false;
}

let entryKey: usize = 0;
let entryKeyLength: i32 = 0;

/** Reads an entry of a map: its key, and its value into `foundValue`. */
function readEntry(entry: usize, length: i32): bool {
  entryKey = foundValue = 0;
  entryKeyLength = foundLength = 0;
  openMessage(entry, length);
  while (nextField()) {
    if (fieldNumber == ENTRY_KEY) {
      entryKey = fieldBytes;
      entryKeyLength = fieldLength;
    } else if (fieldNumber == ENTRY_VALUE) {
      foundValue = fieldBytes;
      foundLength = fieldLength;
    }
  }
  return foundValue != 0;
}

/** The bytes of a Value if it is of a kind, with their length in `fieldLength`; else 0. */
function valueOf(kind: u32, value: usize, length: i32): usize {
  openMessage(value, length);
  return nextField() && fieldNumber == kind ? fieldBytes : 0;
}

/** In the place of a prefix's length: a name may be empty. */
const OUTERMOST: i32 = -1;

/** Notes what is in a Struct. `prefix`: the names of the claims that it is in. */
function readStruct(table: u32, struct: usize, length: i32, prefix: usize, prefixLength: i32): void {
  openMessage(struct, length);
  while (nextField()) {
    if (fieldNumber != STRUCT_FIELDS || !fieldBytes) continue;
    const place = messagePlace();
    const end = messageEnd();
    if (readEntry(fieldBytes, fieldLength)) readClaim(table, prefix, prefixLength);
    continueMessage(place, end);
  }
}

/** Notes the claim of the entry that was read last, if a rule asks for it or for one inside of it. */
function readClaim(table: u32, prefix: usize, prefixLength: i32): void {
  // What has a NUL in its name would read like a claim inside of another.
  for (let i = 0; i < entryKeyLength; i++) if (!load<u8>(entryKey + i)) return;
  let name = entryKey;
  let nameLength = entryKeyLength;
  if (prefixLength != OUTERMOST) {
    nameLength += prefixLength + 1;
    name = arenaAlloc(nameLength);
    memory.copy(name, prefix, prefixLength);
    store<u8>(name + prefixLength, 0);
    memory.copy(name + prefixLength + 1, entryKey, entryKeyLength);
  }
  const attribute = tableFind(table, name, nameLength);
  if (attribute == NOT_FOUND) return;
  openMessage(foundValue, foundLength);
  if (!nextField()) return;
  if (fieldNumber == VALUE_STRING) addText(attribute);
  else if (fieldNumber == VALUE_LIST && fieldBytes) readList(attribute, fieldBytes, fieldLength);
  else if (fieldNumber == VALUE_STRUCT && fieldBytes)
    readStruct(table, fieldBytes, fieldLength, name, nameLength);
}

function readList(attribute: u32, list: usize, length: i32): void {
  const note = arenaAlloc(LIST_SIZE);
  store<u32>(note, attribute);
  store<u32>(note, <u32>lists, 4);
  lists = note;
  openMessage(list, length);
  while (nextField()) {
    if (fieldNumber != LIST_VALUES || !fieldBytes) continue;
    const place = messagePlace();
    const end = messageEnd();
    openMessage(fieldBytes, fieldLength);
    if (nextField() && fieldNumber == VALUE_STRING) addText(attribute);
    continueMessage(place, end);
  }
}

function addText(attribute: u32): void {
  if (fieldBytes) addLine(attribute, fieldBytes, fieldLength);
}
