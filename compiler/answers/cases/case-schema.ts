/** Case files of `sluice test`: one case a YAML document. */

import {
  boolean,
  called,
  list,
  map,
  object,
  oneOf,
  type Schema,
  string,
} from "../../front/resources/schema/build.ts";
import type { Claims } from "../request/claims.ts";

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
const limitOrNone: Schema<string | null> = { type: ["string", "null"] };
const share: Schema<number> = { type: "number", minimum: 0, maximum: 1 };

const claims: Schema<Claims> = { type: "object" };

const CLUSTER =
  'The destination: "reviews", "reviews/v2", "details:8080", a full host name, or the name of Envoy\'s cluster; "none" if the proxy answers itself.';

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
  status: described(
    called("status", whole(100, 599)),
    "Status of the response; 200 by default if a cluster is expected.",
  ),
  route: described(
    string,
    'Name of the rule that matches the request, followed by "." and the name of the match if it has one; "none" for no rule.',
  ),
  rateLimit: described(
    limitOrNone,
    "Rate limit that the request meets, such as 100/s burst 50 by client-address; null for none.",
  ),
  cluster: described(string, CLUSTER),
  path: described(string, "Path and query that the upstream receives."),
  host: described(string, "Host that the upstream receives."),
  method: described(string, "Method that the upstream receives."),
  headers: described(
    expectedHeaders,
    "Headers that the upstream receives; null means that the header must be absent.",
  ),
  responseHeaders: described(
    headerLines,
    "Headers of the response; null means that the header must be absent.",
  ),
  body: described(string, "Body of a response from the proxy itself."),
  delayMs: described(whole(0, 86_400_000), "Delay by a fault, in milliseconds; 0 for none."),
  copies: described(list(copy), "Copies for mirrors, in any order; [] for none."),
});

const shares = object({
  clusters: described(
    map(share),
    "Share of the requests for each destination; all other destinations must get none.",
  ),
  statuses: described(map(share), "Share of the responses with each status."),
  copies: described(map(share), "Copies for each mirror, as shares of the requests."),
});

const check = object(
  {
    ask: described(
      string,
      'The request, "METHOD http://host/path". Everything after the host is sent unchanged. Where the listener does not speak the scheme, the request says it: over HTTP/2 in :scheme, as behind a load balancer that ends TLS; with http: "1.1", in the request line.',
    ),
    at: described(
      string,
      "The listener, such as mesh or gateway_80. By default one that serves the host, the mesh first; for an unknown host, one that has rules.",
    ),
    http: described(
      oneOf("1.1", "2"),
      "Version of HTTP: by default 1.1, or 2 where the listener does not speak the scheme of the URL.",
    ),
    headers: described(
      map<string | readonly string[]>({ type: ["string", "array"], items: string }),
      "Headers of the request; a list sends one line for each value.",
    ),
    body: described(string, "Body of the request."),
    from: described(
      string,
      "Address of the client, before all proxies; what the request itself says in x-forwarded-for is then what this client sends. By default the request is as it reaches the listener, from 127.0.0.1.",
    ),
    jwt: described(
      string,
      "A token, sent where the RequestAuthentication looks for one; it is verified as Envoy verifies it, but for keys that Envoy fetches.",
    ),
    claims: described(
      claims,
      "Claims of a token that is taken to be verified, as JSON; only offline, and only where a RequestAuthentication selects the proxy.",
    ),
    times: described(
      whole(1, MAX_TIMES),
      "How often the request is sent; by default once, or 1000 times with shares.",
    ),
    expect: described(expectation, "What every response must fulfil."),
    shares: described(
      shares,
      "What all responses together must fulfil, as far as chance allows: one false alarm in a billion.",
    ),
  },
  { required: ["ask"] },
);

export const caseSchema = object(
  {
    name: described(string, "What the case tests, as a sentence."),
    why: described(string, "Why the rules behave this way."),
    at: described(string, "The listener of all checks that do not name one."),
    limits: described(
      boolean,
      "Whether rate limits count the requests of this case, beginning with full buckets. By default no request of a case is beyond a limit.",
    ),
    checks: list(check, { minItems: 1 }),
  },
  { required: ["name", "checks"] },
);
