/** A `curl` command line as a request. What curl would take from elsewhere (files, a netrc, a cookie jar) is refused by name. */

import { type AskedRequest, makeRequest, parseHeader, parseUrl, RequestError, readMethod } from "./asked.ts";
import { shellWords } from "./shell-words.ts";

/** Options that say nothing about the request; the second list has those with a value. */
const IGNORED = new Set(
  `-s --silent -S --show-error -v --verbose -i --include -k --insecure -L --location -f --fail --fail-with-body
  -# --progress-bar -N --no-buffer --compressed-ssh --http1.0 --tcp-nodelay --tcp-fastopen -4 --ipv4 -6 --ipv6
  -O --remote-name -g --globoff --path-as-is -q --disable --no-progress-meter --no-keepalive -Z --parallel`.split(
    /\s+/,
  ),
);
const IGNORED_WITH_VALUE = new Set(
  `-o --output -m --max-time --connect-timeout -w --write-out -x --proxy --resolve --connect-to --retry
  --retry-delay --retry-max-time --cacert --capath -E --cert --key --limit-rate --interface -D --dump-header
  --max-redirs --stderr --trace --trace-ascii --dns-servers --noproxy --tls-max --ciphers --keepalive-time`.split(
    /\s+/,
  ),
);
const SHORT_WITH_VALUE = new Set([..."XHdAebuomwxEDFTcK"]);

interface Curl {
  method?: string;
  url?: string;
  readonly headers: [string, string][];
  readonly data: string[];
  get: boolean;
  head: boolean;
  json: boolean;
  protocol: AskedRequest["protocol"];
  compressed: boolean;
}

export function parseCurl(text: string): AskedRequest {
  const words = shellWords(text);
  if (words.shift() !== "curl") {
    throw new RequestError('expected a command line that begins with "curl"');
  }
  const curl: Curl = {
    headers: [],
    data: [],
    get: false,
    head: false,
    json: false,
    compressed: false,
    protocol: "HTTP/1.1",
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
    if (rest !== "") queue.unshift(rest);
    takeOption(curl, `-${letter}`, queue);
    return;
  }
  takeOption(curl, `-${letter}`, queue);
  if (rest !== "") queue.unshift(`-${rest}`);
}

function takeOption(curl: Curl, option: string, queue: string[]): void {
  const value = (): string => {
    const next = queue.shift();
    if (next === undefined) throw new RequestError(`curl's ${option} needs a value behind it`);
    return next;
  };
  const addHeader = (name: string, text: string) => {
    curl.headers.push([name, text]);
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
      addHeader("user-agent", value());
      return;
    case "-e":
    case "--referer":
      addHeader("referer", value());
      return;
    case "-b":
    case "--cookie":
      addHeader("cookie", cookies(value()));
      return;
    case "-u":
    case "--user":
      addHeader("authorization", `Basic ${Buffer.from(value()).toString("base64")}`);
      return;
    case "--oauth2-bearer":
      addHeader("authorization", `Bearer ${value()}`);
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
      curl.data.push(urlEncoded(notFromFile(option, value())));
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
    case "--http2-prior-knowledge":
      curl.protocol = "HTTP/2";
      return;
  }
  if (IGNORED_WITH_VALUE.has(option)) {
    value();
  } else if (!IGNORED.has(option)) {
    throw new RequestError(
      `curl's ${option} is not understood here; leave it out, or write the request as "METHOD http://host/path" with --header`,
    );
  }
}

function setUrl(curl: Curl, url: string): void {
  if (curl.url !== undefined) {
    throw new RequestError(`two URLs, ${curl.url} and ${url}; ask for one`);
  }
  curl.url = url;
}

/** curl takes `name:` for "not this one" and `name;` for an empty value. */
function takeHeader(curl: Curl, text: string): void {
  if (text.startsWith("@")) throw new RequestError(`curl's -H ${text} reads a file; write the headers out`);
  if (/^[^:]+;$/.test(text)) {
    curl.headers.push([text.slice(0, -1).toLowerCase(), ""]);
    return;
  }
  const [name, value] = parseHeader(text);
  curl.headers.push([name, value === "" ? REMOVED : value]);
}

/** In place of a value: the header that curl itself would write is left out. */
const REMOVED = "\0";

function notFromFile(option: string, text: string): string {
  if (text.startsWith("@"))
    throw new RequestError(`curl's ${option} ${text} reads a file; write the data out`);
  return text;
}

function cookies(text: string): string {
  if (!text.includes("=")) throw new RequestError(`curl's -b ${text} reads a file; write name=value`);
  return text;
}

function urlEncoded(text: string): string {
  const equals = text.indexOf("=");
  const encode = (part: string) => encodeURIComponent(part).replaceAll("%20", "+");
  return equals < 0
    ? encode(text)
    : `${text.slice(0, equals)}${equals > 0 ? "=" : ""}${encode(text.slice(equals + 1))}`;
}

function requestOf(curl: Curl): AskedRequest {
  if (curl.url === undefined) throw new RequestError("no URL in the curl command line");
  const hasBody = curl.data.length > 0 && !curl.get;
  const body = curl.data.join(curl.json ? "" : "&");
  const url = parseUrl(curl.url);
  const given = new Set(curl.headers.map(([name]) => name));
  // What curl writes by itself, unless it is told otherwise.
  const own: [string, string][] = [
    ["user-agent", "curl"],
    ["accept", curl.json ? "application/json" : "*/*"],
    ...(curl.compressed ? ([["accept-encoding", "deflate, gzip, br, zstd"]] as [string, string][]) : []),
    ...(hasBody
      ? ([["content-type", curl.json ? "application/json" : "application/x-www-form-urlencoded"]] as [
          string,
          string,
        ][])
      : []),
  ];
  const headers = [...own.filter(([name]) => !given.has(name)), ...curl.headers].filter(
    ([, value]) => value !== REMOVED,
  );
  const query = curl.get && body !== "" ? `${url.path.includes("?") ? "&" : "?"}${body}` : "";
  return makeRequest(
    {
      method: curl.method ?? (curl.head ? "HEAD" : hasBody ? "POST" : "GET"),
      ...url,
      path: url.path.replace(/#.*$/s, "") + query,
    },
    headers,
    { protocol: curl.protocol, ...(hasBody && { body }) },
  );
}
