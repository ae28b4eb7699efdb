/** A `curl` command line as a request. What curl would take from elsewhere (files, a netrc, a cookie jar) is refused by name. */

import {
  type AskedRequest,
  checkHeader,
  makeRequest,
  parseHeader,
  parseUrl,
  RequestError,
  type RequestLine,
  readMethod,
} from "./asked.ts";
import { shellWords } from "./shell-words.ts";
import { decoded, escaped, urlEncoded, withoutDots } from "./url-text.ts";

/** Options that say nothing about the request; the second list has those with a value. */
const IGNORED = new Set(
  `-s --silent -S --show-error -v --verbose -i --include -k --insecure -L --location -f --fail --fail-with-body
  -# --progress-bar -N --no-buffer --compressed-ssh --tcp-nodelay --tcp-fastopen -4 --ipv4 -6 --ipv6 -O --remote-name
  -J --remote-header-name -R --remote-time -a --append -q --disable --no-progress-meter --no-keepalive -Z --parallel
  --basic -1 --tlsv1 --tlsv1.0 --tlsv1.1 --tlsv1.2 --tlsv1.3 --ssl-reqd --ssl-no-revoke --retry-all-errors
  --retry-connrefused --location-trusted --haproxy-protocol --post301 --post302 --post303 --create-dirs`.split(
    /\s+/,
  ),
);
const IGNORED_WITH_VALUE = new Set(
  `-o --output -m --max-time --connect-timeout -w --write-out -x --proxy --resolve --connect-to --retry
  --retry-delay --retry-max-time --cacert --capath -E --cert --key --limit-rate --interface -D --dump-header
  --max-redirs --stderr --trace --trace-ascii --dns-servers --noproxy --tls-max --ciphers --keepalive-time
  --max-filesize --local-port --unix-socket --output-dir --tls13-ciphers --curves --pinnedpubkey`.split(
    /\s+/,
  ),
);
const SHORT_WITH_VALUE = new Set([..."XHdAebuomwxEDFTcKr"]);

interface Curl {
  method?: string;
  url?: string;
  readonly headers: [string, string][];
  readonly data: string[];
  /** What options beside -H make of it; a header that is given by -H stands in its place. */
  readonly own: Map<string, string>;
  readonly query: string[];
  target?: string;
  get: boolean;
  head: boolean;
  json: boolean;
  protocol?: AskedRequest["protocol"];
  upgrades: boolean;
  compressed: boolean;
  literalUrl: boolean;
  pathAsIs: boolean;
  /** Whom curl says that it asks for, to a server that reads the PROXY protocol. */
  from?: string;
}

/** The request that a curl command line would send. Throws a `RequestError` for what curl would not send, or what cannot be told from the line. */
export function parseCurl(text: string): AskedRequest {
  const words = shellWords(text);
  if (words.shift() !== "curl") {
    throw new RequestError('the command line must begin with "curl"');
  }
  const curl: Curl = {
    headers: [],
    data: [],
    own: new Map([
      ["user-agent", "curl"],
      ["accept", "*/*"],
    ]),
    query: [],
    get: false,
    head: false,
    json: false,
    upgrades: false,
    compressed: false,
    literalUrl: false,
    pathAsIs: false,
  };
  const queue = [...words];
  let optionsEnded = false;
  while (queue.length > 0) {
    const word = queue.shift()!;
    if (optionsEnded || !word.startsWith("-") || word === "-") {
      setUrl(curl, word);
    } else if (word === "--") {
      optionsEnded = true;
    } else if (word.startsWith("--")) {
      takeOption(curl, word, queue);
    } else {
      takeShort(curl, word, queue);
    }
  }
  return requestOf(curl);
}

/** `-sXPOST`: letters in a row, the last of which may have its value behind it. */
function takeShort(curl: Curl, word: string, queue: string[]): void {
  const letter = word[1]!;
  const rest = word.slice(2);
  if (SHORT_WITH_VALUE.has(letter)) {
    if (rest !== "") {
      queue.unshift(rest);
    }
    takeOption(curl, `-${letter}`, queue);
    return;
  }
  takeOption(curl, `-${letter}`, queue);
  if (rest !== "") {
    queue.unshift(`-${rest}`);
  }
}

function takeOption(curl: Curl, option: string, queue: string[]): void {
  const value = (): string => {
    const next = queue.shift();
    if (next === undefined) {
      throw new RequestError(`curl's ${option} needs a value after it`);
    }
    return next;
  };
  switch (option) {
    case "-X":
    case "--request":
      curl.method = readMethod(value());
      return;
    case "--url":
      setUrl(curl, value());
      return;
    case "-H":
    case "--header":
      takeHeader(curl, value());
      return;
    case "-A":
    case "--user-agent":
      curl.own.set("user-agent", value());
      return;
    case "-e":
    case "--referer":
      // `;auto` is for where -L leads to.
      curl.own.set("referer", value().replace(/;auto$/, ""));
      return;
    case "-b":
    case "--cookie":
      curl.own.set("cookie", [curl.own.get("cookie"), cookies(value())].filter(Boolean).join(";"));
      return;
    case "-u":
    case "--user":
      curl.own.set("authorization", basic(value()));
      return;
    case "--oauth2-bearer":
      curl.own.set("authorization", `Bearer ${value()}`);
      return;
    case "--haproxy-clientip":
      curl.from = value();
      return;
    case "-r":
    case "--range":
      curl.own.set("range", `bytes=${value()}`);
      return;
    case "-d":
    case "--data":
    case "--data-ascii":
    case "--data-binary":
      curl.data.push(notFromFile(option, value()));
      return;
    case "--data-raw":
      curl.data.push(value());
      return;
    case "--data-urlencode":
      curl.data.push(urlEncoded(notFromFile(option, value(), NAMED_FILE)));
      return;
    case "--url-query":
      curl.query.push(urlEncoded(notFromFile(option, value(), NAMED_FILE)));
      return;
    case "--request-target":
      curl.target = value();
      return;
    case "-g":
    case "--globoff":
      curl.literalUrl = true;
      return;
    case "--path-as-is":
      curl.pathAsIs = true;
      return;
    case "--json":
      curl.json = true;
      curl.data.push(notFromFile(option, value()));
      return;
    case "-G":
    case "--get":
      curl.get = true;
      return;
    case "-I":
    case "--head":
      curl.head = true;
      return;
    case "--compressed":
      curl.compressed = true;
      return;
    case "--http1.1":
      curl.protocol = "HTTP/1.1";
      return;
    case "--http2":
      curl.protocol = "HTTP/2";
      curl.upgrades = true;
      return;
    case "--http2-prior-knowledge":
      curl.protocol = "HTTP/2";
      curl.upgrades = false;
      return;
    case "-0":
    case "--http1.0":
      throw new RequestError("Envoy answers HTTP/1.0 with 426, whatever the rules say; remove --http1.0");
  }
  if (IGNORED_WITH_VALUE.has(option)) {
    value();
  } else if (!IGNORED.has(option)) {
    throw new RequestError(
      `curl's ${option} is not supported here; remove it, or use --request "METHOD http://host/path" with --header`,
    );
  }
}

function setUrl(curl: Curl, url: string): void {
  if (curl.url !== undefined) {
    throw new RequestError(`the curl command line has two URLs, ${curl.url} and ${url}; keep one of them`);
  }
  curl.url = url;
}

/** curl takes `name:` for "not this one" and `name;` for an empty value. */
function takeHeader(curl: Curl, text: string): void {
  if (text.startsWith("@")) {
    throw new RequestError(`curl's -H ${text} reads a file; write out the headers instead`);
  }
  if (/^[^:]+;$/.test(text)) {
    curl.headers.push([text.slice(0, -1).toLowerCase(), ""]);
    return;
  }
  const [name, value] = parseHeader(text);
  curl.headers.push([name, value === "" ? REMOVED : value]);
}

/** In place of a value: the header that curl itself would write is left out. */
const REMOVED = "\0";

function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

/** Of data that may have a name before it. */
const NAMED_FILE = /^[^=]*@[^=]*$/;

function notFromFile(option: string, text: string, file = /^@/): string {
  if (file.test(text)) {
    throw new RequestError(`curl's ${option} ${text} reads a file; write out the data instead`);
  }
  return text;
}

function cookies(text: string): string {
  if (!text.includes("=")) {
    throw new RequestError(`curl's -b ${text} reads a file; use name=value instead`);
  }
  return text;
}

function requestOf(curl: Curl): AskedRequest {
  const hasBody = curl.data.length > 0 && !curl.get;
  if (hasBody && curl.head) {
    throw new RequestError("curl does not allow both -I and data; with -G, the data becomes the query");
  }
  const { credentials, ...url } = readUrl(curl);
  const body = curl.data.join(curl.json ? "" : "&");
  const { own } = curl;
  if (curl.json) {
    own.set("accept", "application/json");
  }
  if (credentials !== undefined && !own.has("authorization")) {
    own.set("authorization", basic(credentials));
  }
  if (curl.compressed) {
    own.set("accept-encoding", "deflate, gzip, br, zstd");
  }
  if (hasBody) {
    own.set("content-type", curl.json ? "application/json" : "application/x-www-form-urlencoded");
  }
  const given = new Set(curl.headers.map(([name]) => name));
  const headers = [
    ...[...own]
      .filter(([name, value]) => !given.has(name) && value !== "")
      .map(([name, value]) => checkHeader(name, value)),
    ...curl.headers.filter(([, value]) => value !== REMOVED),
  ];
  let { path } = url;
  for (const part of [...curl.query, ...(curl.get && body !== "" ? [body] : [])]) {
    path += `${path.includes("?") ? "&" : "?"}${part}`;
  }
  return makeRequest(
    {
      ...url,
      method: curl.method ?? (curl.head ? "HEAD" : hasBody ? "POST" : "GET"),
      path: curl.target ?? path,
    },
    headers,
    {
      protocol: protocolOf(curl, url),
      ...(hasBody && { body }),
      ...(curl.from !== undefined && { from: curl.from }),
    },
  );
}

/** Without TLS, --http2 asks for it in a header that Envoy drops: the request stays one of HTTP/1.1. */
function protocolOf({ protocol, upgrades }: Curl, { secure }: Pick<RequestLine, "secure">) {
  return upgrades && !secure ? "HTTP/1.1" : protocol;
}

/**
 * As curl writes it on the wire: dots are resolved, letters of other languages escaped, and the port that the scheme has
 * anyway is left out.
 */
function readUrl({ url: text, literalUrl, pathAsIs }: Curl) {
  if (text === undefined) {
    throw new RequestError("the curl command line has no URL");
  }
  if (!literalUrl && /[[\]{}]/.test(text.replace(/^([^/?#[]*:\/\/)?([^/?#[@]*@)?\[[^/?#\]]*\]/, ""))) {
    throw new RequestError(
      `curl expands the brackets in ${JSON.stringify(text)} to several URLs; write one of them, or add -g`,
    );
  }
  const [, scheme = "", userinfo, rest = ""] = /^([^/?#]*:\/\/)?(?:([^/?#\\]*)@)?(.*)$/s.exec(text)!;
  const { authority, path, secure, scheme: other } = parseUrl(scheme + rest);
  if (other !== undefined) {
    throw new RequestError(`curl sends no HTTP for ${other}://; use http:// or https://`);
  }
  const [, before = "", query = ""] = /^([^?]*)(.*)$/s.exec(path.replace(/#.*$/s, ""))!;
  return {
    authority: authority.replace(secure ? /:443$/ : /:80$/, ""),
    path: escaped((pathAsIs ? before : withoutDots(before)) + query),
    ...(secure && { secure }),
    ...(userinfo !== undefined && { credentials: decoded(userinfo) }),
  };
}
