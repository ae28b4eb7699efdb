/** The file that says which clients may claim what (`--clients`). */

import { list, map, object, type Schema, string } from "../../front/resources/schema/build.ts";

function described<T>(schema: Schema<T>, description: string): Schema<T> {
  return { ...schema, description };
}

const strings = list(string, { minItems: 1 });
const oneOrMore: Schema<string | readonly string[]> = { type: ["string", "array"], items: string };

const client = object(
  {
    spiffe: described(
      string,
      "SPIFFE id of the client's certificate, such as spiffe://cluster.local/ns/shop/sa/*.",
    ),
    name: described(
      string,
      "DNS name of the client's certificate, or the common name of one without other names.",
    ),
    tokenSha256: described(string, "SHA-256 of the client's token, as 64 hexadecimal digits."),
    tokenFile: described(
      string,
      "File with the client's token, or one a line; relative to this file, and read again when it changes.",
    ),
    namespaces: described(
      strings,
      "Namespaces that its proxies may claim. By default that of the SPIFFE id; needed for everybody else.",
    ),
    labels: described(
      map(oneOrMore),
      "Labels that its proxies may claim, as key: value or key: [values]; a label that is not listed may not be claimed. By default any.",
    ),
    ids: described(strings, "Ids (node.id) that its proxies may have. By default any."),
  },
  { exclusive: [["spiffe", "name", "tokenSha256", "tokenFile"]] },
);

export const clientsSchema = object(
  { clients: described(list(client), "Who may claim what. `*` in a text stands for any characters.") },
  { required: ["clients"] },
);
