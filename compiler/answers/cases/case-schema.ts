/** Case files of `sluice test`: one case a YAML document. */

import { list, map, object, oneOf, type Schema, string } from "../../front/resources/schema/build.ts";

function described<T>(schema: Schema<T>, description: string): Schema<T> {
  return { ...schema, description };
}

const whole = (minimum: number, maximum: number): Schema<number> => ({ type: "integer", minimum, maximum });
const MAX_TIMES = 100_000;

/** `null` must not be there; a list is several lines. */
const expectedHeaders = map<string | null>({ type: ["string", "null"] });
const headerLines = map<string | readonly string[] | null>({
  type: ["string", "array", "null"],
  items: string,
});
const share: Schema<number> = { type: "number", minimum: 0, maximum: 1 };

const CLUSTER =
  'A destination: "reviews", "reviews/v2", "details:8080", a host with dots, or Envoy\'s full name; "none" is the proxy itself.';

const copy = object(
  {
    cluster: described(string, CLUSTER),
    path: string,
    host: string,
    headers: expectedHeaders,
  },
  { required: ["cluster"] },
);

const expectation = object({
  status: described(whole(100, 599), "Of the answer; 200 if a cluster is expected and nothing else said."),
  route: described(
    string,
    'Name of the rule that takes the request, with "." and the name of its match when that has one; "none" for no rule.',
  ),
  cluster: described(string, CLUSTER),
  path: described(string, "As the upstream gets it, with its query."),
  host: described(string, "As the upstream gets it."),
  method: described(string, "As the upstream gets it."),
  headers: described(expectedHeaders, "As the upstream gets them; null is one that must not be there."),
  responseHeaders: described(headerLines, "Of the answer; null is one that must not be there."),
  body: described(string, "Of an answer that the proxy gives itself."),
  delayMs: described(whole(0, 86_400_000), "By how long a fault delays the request; 0 is not at all."),
  copies: described(list(copy), "What mirrors get, in any order; none is []."),
});

const shares = object({
  clusters: described(
    map(share),
    "Part of the requests that each destination gets; none gets what is not named.",
  ),
  statuses: described(map(share), "Part of the answers that have each status."),
  copies: described(map(share), "Copies that each mirror gets, as parts of the requests."),
});

const check = object(
  {
    ask: described(string, '"METHOD http://host/path". What follows the host is sent as it stands.'),
    at: described(
      string,
      "The listener: mesh, gateway_80. Unless said, one that knows the host, the mesh first.",
    ),
    http: described(oneOf("1.1", "2"), "Version of HTTP, 1.1 unless said."),
    headers: described(
      map<string | readonly string[]>({ type: ["string", "array"], items: string }),
      "Of the request; a list is several lines.",
    ),
    body: described(string, "Of the request."),
    times: described(whole(1, MAX_TIMES), "How often it is asked; 1 unless said, 1000 with shares."),
    expect: described(expectation, "Must hold for every answer."),
    shares: described(shares, "Must hold for all answers together, within five standard deviations."),
  },
  { required: ["ask"] },
);

export const caseSchema = object(
  {
    name: described(string, "What has to hold, as a sentence."),
    why: described(string, "Why that is so."),
    at: described(string, "The listener of all checks that name none."),
    checks: list(check, { minItems: 1 }),
  },
  { required: ["name", "checks"] },
);
