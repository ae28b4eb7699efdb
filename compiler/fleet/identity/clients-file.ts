/** The file of `--clients` to values. Whatever is wrong in it is said with its line and column. */

import path from "node:path";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { inOneLine } from "../../diagnostics/render/one-line.ts";
import type { ShapeOf } from "../../front/resources/schema/build.ts";
import { checkSchema } from "../../front/resources/schema/check.ts";
import { parseWhole } from "../../source/parse.ts";
import type { Client, ClientProof, Grant } from "./admission.ts";
import { clientsSchema } from "./clients-schema.ts";
import { parseSpiffeId } from "./spiffe-id.ts";

type Entry = ShapeOf<typeof clientsSchema>["clients"][number];

export type ClientsResult =
  | { readonly clients: readonly Client[] }
  | { readonly problems: readonly string[] };

/** Reads a clients file. `tokensOf` gives the digests of a file of tokens, or throws an error that says why not. */
export function readClients(
  file: string,
  text: string,
  tokensOf: (file: string) => readonly Uint8Array[],
): ClientsResult {
  const found: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => void found.push(diagnostic) };
  const clients: Client[] = [];
  const documents = parseWhole({ path: file, text }, sink);
  for (const document of documents) {
    if (!checkSchema(clientsSchema, "the file", document.value, document, [], sink)) {
      continue;
    }
    const { clients: entries } = document.value as ShapeOf<typeof clientsSchema>;
    for (const [index, entry] of entries.entries()) {
      const fail = (message: string, field: readonly string[] = []) =>
        sink.report({
          code: "SL0105",
          level: "error",
          message,
          span: document.spanOf(["clients", index, ...field]),
        });
      const client = readEntry(entry, path.dirname(file), tokensOf, fail);
      if (client !== undefined) {
        clients.push(client);
      }
    }
  }
  const errors = found.filter(({ level }) => level === "error");
  if (errors.length === 0 && documents.length === 0) {
    return { problems: [`${file}: it is empty; it needs the field clients`] };
  }
  return errors.length > 0 ? { problems: errors.map(inOneLine) } : { clients };
}

type Fail = (message: string, field?: readonly string[]) => void;

function readEntry(
  entry: Entry,
  folder: string,
  tokensOf: (file: string) => readonly Uint8Array[],
  fail: Fail,
): Client | undefined {
  const proof = readProof(entry, folder, tokensOf, fail);
  if (proof === undefined) {
    return undefined;
  }
  const { namespaces, labels, ids } = entry;
  if (namespaces === undefined) {
    if (!("spiffe" in proof)) {
      fail('a client without a SPIFFE id needs the field namespaces; ["*"] for all');
      return undefined;
    }
    if (labels !== undefined || ids !== undefined) {
      fail("a client with labels or ids needs the field namespaces");
      return undefined;
    }
    return { proof };
  }
  const grant: Grant = {
    namespaces,
    ...(labels !== undefined && {
      labels: Object.fromEntries(Object.entries(labels).map(([key, values]) => [key, [values].flat()])),
    }),
    ...(ids !== undefined && { ids }),
  };
  return { proof, grant };
}

const DIGEST = /^(?:sha256:)?([0-9a-f]{64})$/i;
/** Characters of a digest that tell one client from the other. */
const ENOUGH = 12;

function readProof(
  { spiffe, name, tokenSha256, tokenFile }: Entry,
  folder: string,
  tokensOf: (file: string) => readonly Uint8Array[],
  fail: Fail,
): ClientProof | undefined {
  if (spiffe !== undefined) {
    // A pattern has to be able to fit something.
    if (parseSpiffeId(spiffe.replaceAll("*", "x")) === undefined) {
      fail(
        `${JSON.stringify(spiffe)} is not a valid SPIFFE id; use spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/NAME, with * for any characters`,
        ["spiffe"],
      );
      return undefined;
    }
    return { spiffe };
  }
  if (name !== undefined) {
    return { name };
  }
  if (tokenSha256 !== undefined) {
    const [, digits] = DIGEST.exec(tokenSha256) ?? [];
    if (digits === undefined) {
      fail("tokenSha256 is not 64 hexadecimal digits, such as of: printf %s TOKEN | sha256sum", [
        "tokenSha256",
      ]);
      return undefined;
    }
    const said = `the client with the token sha256:${digits.slice(0, ENOUGH)}…`;
    return { tokenDigests: [Buffer.from(digits, "hex")], said };
  }
  if (tokenFile !== undefined) {
    try {
      return {
        tokenDigests: tokensOf(path.resolve(folder, tokenFile)),
        said: `the client with the token of ${tokenFile}`,
      };
    } catch (error) {
      fail(`${tokenFile}: ${(error as Error).message}`, ["tokenFile"]);
      return undefined;
    }
  }
  fail("a client needs one of spiffe, name, tokenSha256 and tokenFile");
  return undefined;
}
