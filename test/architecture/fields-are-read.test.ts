/**
 * A field that a schema admits is read by something that lowers rules, or stands in the table of what is refused or has no effect:
 * none is admitted and forgotten. Names are looked for in the sources, so a name that means several fields is found once for all.
 */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { UNSUPPORTED_FIELDS } from "../../compiler/front/istio/unsupported.ts";
import { KIND_SCHEMAS } from "../../compiler/front/resources/schema/kinds.ts";
import { packageRoot } from "../../compiler/platform/package-root.ts";

const FRONT = path.join(packageRoot().directory, "compiler", "front");
/** What only says whether a value is right does not obey it. */
const NOT_READING = /(^|\/)(schema|validate)\/|\.test\.ts$|\/types\.ts$|\/unsupported\.ts$/;
const OF_ISTIO = ["VirtualService", "DestinationRule", "ServiceEntry", "WorkloadEntry", "Gateway", "Sidecar"];
/** Validation says so, wherever they are. */
const SAID_BY_VALIDATION = ["exponentialDelay", "http2Error", "consecutiveErrors"];
/** Of a Sidecar's `ingress`, of which SL0111 says that it is not read. */
const OF_INBOUND = ["defaultEndpoint"];
/** They decide nothing of what a client's proxy does with a request. */
const OF_NO_REQUEST = ["location", "serviceAccount", "captureMode"];
const KNOWN = new Set([...SAID_BY_VALIDATION, ...OF_INBOUND, ...OF_NO_REQUEST]);

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

const words = new Set(
  readdirSync(FRONT, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !NOT_READING.test(file.replaceAll(path.sep, "/")))
    .flatMap((file) => readFileSync(path.join(FRONT, file), "utf8").match(/\w+/g) ?? []),
);

test.each(OF_ISTIO)("%s", (kind) => {
  const refused = new Set((UNSUPPORTED_FIELDS[kind] ?? []).map(({ path: at }) => at.replaceAll(/\W+/g, ".")));
  const forgotten = [...fieldsOf((KIND_SCHEMAS[kind] as JsonSchema).properties!.spec!, [], refused)].filter(
    (name) => !words.has(name) && !KNOWN.has(name),
  );
  expect(forgotten).toEqual([]);
});

/** Those below a field that is refused need not be read. */
function* fieldsOf(
  { properties = {}, items }: JsonSchema,
  at: readonly string[],
  refused: ReadonlySet<string>,
): Generator<string> {
  if (items !== undefined) {
    yield* fieldsOf(items, at, refused);
  }
  for (const [name, schema] of Object.entries(properties)) {
    const here = [...at, name];
    if (!refused.has(here.join("."))) {
      yield name;
      yield* fieldsOf(schema, here, refused);
    }
  }
}
