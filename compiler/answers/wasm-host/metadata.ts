/**
 * The dynamic metadata of a request as Envoy hands it to a filter: the message `envoy.config.core.v3.Metadata`, with the claims of
 * its token where the filter that verified it puts them.
 */

import { CLAIMS_FIELD, TOKEN_FILTER } from "../../../filter/layout.ts";
import type { Claims, Json } from "../request/claims.ts";

const LENGTH_DELIMITED = 2;
const FIXED_64 = 1;
const VARINT = 0;

/** `undefined`: no token was verified, and there is no metadata. */
export function metadataMessage(claims: Claims | undefined): Uint8Array {
  if (claims === undefined) {
    return new Uint8Array();
  }
  const ofFilter = struct({ [CLAIMS_FIELD]: claims });
  return bytesField(1, Buffer.concat([bytesField(1, Buffer.from(TOKEN_FILTER)), bytesField(2, ofFilter)]));
}

/** `google.protobuf.Struct` */
function struct(fields: Claims): Buffer {
  return Buffer.concat(
    Object.entries(fields).map(([name, value]) =>
      bytesField(1, Buffer.concat([bytesField(1, Buffer.from(name)), bytesField(2, valueMessage(value))])),
    ),
  );
}

/** `google.protobuf.Value` */
function valueMessage(value: Json): Buffer {
  if (value === null) {
    return Buffer.from([tag(1, VARINT), 0]);
  }
  switch (typeof value) {
    case "number": {
      const number = Buffer.alloc(8);
      number.writeDoubleLE(value);
      return Buffer.concat([Buffer.from([tag(2, FIXED_64)]), number]);
    }
    case "string":
      return bytesField(3, Buffer.from(value));
    case "boolean":
      return Buffer.from([tag(4, VARINT), Number(value)]);
    default:
      return Array.isArray(value)
        ? bytesField(6, Buffer.concat(value.map((one) => bytesField(1, valueMessage(one)))))
        : bytesField(5, struct(value as Claims));
  }
}

function bytesField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag(number, LENGTH_DELIMITED)]), varint(bytes.length), bytes]);
}

function tag(number: number, type: number): number {
  return (number << 3) | type;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}
