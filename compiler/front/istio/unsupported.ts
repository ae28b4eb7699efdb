/**
 * What we refuse by name. A rule that is accepted and not obeyed is worse than one that is refused, so every field
 * that changes what happens to a request, and that nothing here lowers, stands in this table. What no decision depends on,
 * only connections, is SL0302: rules that have it can be asked about, but not be run.
 */

import { isIPv6 } from "node:net";
import { OUR_PREFIX } from "../../../filter/layout.ts";
import type { DiagnosticCode } from "../../diagnostics/codes.ts";
import { nameOf } from "../../source/field-path.ts";
import { claimPathOf, MAX_CLAIM_DEPTH } from "../resources/claim-names.ts";
import type { JwtRule, Resource } from "../resources/model.ts";
import { isWildcard } from "../services/host-names.ts";
import { parseProtocol } from "../services/protocol.ts";
import type { Report } from "../services/report.ts";
import { unixSocketPath } from "../services/unix-sockets.ts";
import { LONGEST_SERVER_NAME } from "./policies/client-tls.ts";
import { REFUSED_POLICY_VALUES } from "./policies/refused-values.ts";
import { unknownVariable } from "./rules/header-variables.ts";
import { REDIRECT_CODES } from "./rules/redirects.ts";

export interface Unsupported {
  /** Below `spec`: `a.b`, `list[].a` for each item, `map{}` for each key. */
  readonly path: string;
  /** Refused only then; otherwise whenever the field is there and is not empty. Called for a missing field, too. */
  readonly when?: (
    value: unknown,
    key: string | number,
    parent: Readonly<Record<string, unknown>>,
  ) => boolean;
  /** For documents: of which values or beside which fields `when` holds. */
  readonly only?: string;
  readonly why?: string;
  readonly code?: DiagnosticCode;
}

const EMPTY_CLAIM = {
  when: (_value: unknown, key: string | number) => claimPathOf(String(key))?.includes("") === true,
  code: "SL0501",
  why: "a claim's name is empty",
} as const;
const DEEP_CLAIM = {
  when: (_value: unknown, key: string | number) => (claimPathOf(String(key))?.length ?? 0) > MAX_CLAIM_DEPTH,
  why: `the path of a claim has at most ${MAX_CLAIM_DEPTH} names`,
  only: `of a claim more than ${MAX_CLAIM_DEPTH} names deep`,
} as const;
/** In a header it would begin another one. */
const isNoHeaderValue = (value: unknown) => typeof value === "string" && /[\0\r\n]/.test(value);
const NO_HEADER_VALUE = {
  when: isNoHeaderValue,
  code: "SL0501",
  why: "it contains a line break or a NUL",
} as const;
/** istiod reads it as little as we do. A rule that has it goes on, as there; whoever has written it should know. */
const NO_EFFECT = { code: "SL0115", why: "Istio does not read it either" } as const;

const ENVOY_STATUS = "Envoy accepts only 200 to 599";

const VIRTUAL_SERVICE_FIELDS: readonly Unsupported[] = [
  ...["http[].headers", "http[].route[].headers"].flatMap((headers) =>
    ["request.set", "request.add", "response.set", "response.add"].map((operation) => ({
      path: `${headers}.${operation}{}`,
      when: (value: unknown) => typeof value === "string" && unknownVariable(value) !== undefined,
      code: "SL0501" as const,
      why: "not every supported Envoy knows this variable",
    })),
  ),
  { path: "http[].match[].headers{}", ...EMPTY_CLAIM },
  { path: "http[].match[].headers{}", ...DEEP_CLAIM },
  { path: "http[].match[].withoutHeaders{}", ...EMPTY_CLAIM },
  { path: "http[].match[].withoutHeaders{}", ...DEEP_CLAIM },
  {
    path: "http[].redirect.redirectCode",
    when: (value) => isPresent(value) && !REDIRECT_CODES.has(value as number),
    code: "SL0501",
    why: "Envoy accepts only 301, 302, 303, 307 and 308",
  },
  { path: "http[].redirect.uri", ...NO_HEADER_VALUE },
  { path: "http[].redirect.authority", ...NO_HEADER_VALUE },
  { path: "http[].redirect.prefixRewrite", ...NO_HEADER_VALUE },
  { path: "http[].rewrite.uri", ...NO_HEADER_VALUE },
  { path: "http[].rewrite.authority", ...NO_HEADER_VALUE },
  { path: "http[].rewrite.uriRegexRewrite.rewrite", ...NO_HEADER_VALUE },
  { path: "http[].directResponse.status", when: (value) => value === 600, code: "SL0501", why: ENVOY_STATUS },
  {
    path: "http[].fault.abort.httpStatus",
    when: (value) => value === 600,
    code: "SL0501",
    why: ENVOY_STATUS,
  },
  { path: "tcp[].match[].sourceSubnet", ...NO_EFFECT },
];

/** istiod logs the same where a proxy has no ISTIO_META_ENABLE_SELF_DISCOVERY, which is how Istio ships it. */
export const ZONES_ALIKE =
  "the proxy's own region comes first, but its zones are alike: to prefer its own, Envoy would need a list of the proxies of its own kind, as Istio gives with ISTIO_META_ENABLE_SELF_DISCOVERY";

const TRAFFIC_POLICY: readonly Unsupported[] = [
  ...REFUSED_POLICY_VALUES,
  { path: "loadBalancer.backendUtilization", ...NO_EFFECT },
  {
    path: "loadBalancer.zoneAwareLbSetting",
    code: "SL0932",
    when: (value) => isPresent(value) && (value as { enabled?: unknown }).enabled !== false,
    why: ZONES_ALIKE,
  },
  {
    path: "tls.sni",
    when: (value) => typeof value === "string" && Buffer.byteLength(value) > LONGEST_SERVER_NAME,
    code: "SL0501",
    why: `a server name may have at most ${LONGEST_SERVER_NAME} bytes`,
  },
];

const DESTINATION_RULE_FIELDS: readonly Unsupported[] = [
  "trafficPolicy",
  "trafficPolicy.portLevelSettings[]",
  "subsets[].trafficPolicy",
  "subsets[].trafficPolicy.portLevelSettings[]",
].flatMap((where) => TRAFFIC_POLICY.map((entry) => ({ ...entry, path: `${where}.${entry.path}` })));

/** Of a socket's address in Linux, without its last byte. */
const LONGEST_SOCKET_PATH = 107;
const TOO_LONG_SOCKET = {
  when: (value: unknown) => Buffer.byteLength(unixSocketPath(String(value)) ?? "") > LONGEST_SOCKET_PATH,
  code: "SL0501",
  why: `the path of a unix socket may have at most ${LONGEST_SOCKET_PATH} bytes`,
} as const;

/** `fe80::1%eth0`, which is an address for Istio. */
const ADDRESS_WITH_ZONE = {
  when: (value: unknown) => typeof value === "string" && isIPv6(value) && value.includes("%"),
  code: "SL0501",
  why: "the address is valid on one network link only",
} as const;

const hasTargetPort = (ports: unknown) =>
  Array.isArray(ports) && ports.some(({ number, targetPort }) => targetPort && targetPort !== number);
const hasWildcard = (hosts: unknown) =>
  Array.isArray(hosts) && hosts.some((host) => isWildcard(String(host)));

const SERVICE_ENTRY_FIELDS: readonly Unsupported[] = [
  {
    path: "ports",
    when: (value, _key, { resolution = "NONE", hosts }) =>
      (resolution === "DYNAMIC_DNS" || (resolution === "NONE" && hasWildcard(hosts))) && hasTargetPort(value),
    why: "a targetPort has no effect on a wildcard host, where a request goes to the host and port that it names",
  },
  { path: "endpoints[].address", ...TOO_LONG_SOCKET },
  { path: "endpoints[].address", ...ADDRESS_WITH_ZONE },
  { path: "addresses[]", ...ADDRESS_WITH_ZONE },
];

/** Of every supported Envoy; those with two names have the one that is usual first. */
const CURVES = new Set([
  ...["X25519", "P-256", "P-384", "P-521", "X25519MLKEM768"],
  ...["x25519", "prime256v1", "secp384r1", "secp521r1"],
]);

const GATEWAY_FIELDS: readonly Unsupported[] = [
  { path: "servers[].defaultEndpoint", ...NO_EFFECT },
  {
    path: "servers[].bind",
    ...TOO_LONG_SOCKET,
  },
  { path: "servers[].bind", ...ADDRESS_WITH_ZONE },
  {
    path: "servers[].tls.ecdhCurves[]",
    when: (value) => !CURVES.has(String(value)),
    code: "SL0501",
    why: `Envoy supports only ${[...CURVES].join(", ")}`,
  },
  {
    path: "servers[].tls.verifyCertificateHash[]",
    when: (value) => !/^(?:[0-9a-f]{64}|(?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i.test(String(value)),
    code: "SL0501",
    why: "a certificate's SHA-256 has 64 hexadecimal digits, with or without colons between the bytes",
  },
  {
    path: "servers[].tls.verifyCertificateSpki[]",
    when: (value) => !/^[A-Za-z0-9+/]{43}=$/.test(String(value)),
    code: "SL0501",
    why: "a key's SHA-256 has 44 characters of base64",
  },
];

const RESERVED = `headers that begin with ${OUR_PREFIX} are for Sluice itself`;

const SIDECAR_FIELDS: readonly Unsupported[] = [
  {
    path: "egress[].bind",
    when: (value, _key, { port }) =>
      unixSocketPath(value as string | undefined) !== undefined &&
      !parseProtocol((port as { protocol?: string } | undefined)?.protocol).startsWith("http"),
    why: "what is not HTTP does not say on a socket which host it is for",
  },
  { path: "egress[].bind", ...TOO_LONG_SOCKET },
  { path: "egress[].bind", ...ADDRESS_WITH_ZONE },
];

const REQUEST_AUTHENTICATION_FIELDS: readonly Unsupported[] = [
  {
    path: "jwtRules[]",
    only: "a rule without `jwks` and `jwksUri`",
    when: (rule) => {
      const { jwks, jwksUri, jwks_uri } = rule as JwtRule;
      return !jwks && !jwksUri && !jwks_uri;
    },
    why: "istiod asks the issuer where its keys are; write jwksUri, the `jwks_uri` of the issuer's /.well-known/openid-configuration",
  },
  {
    path: "jwtRules[].presence",
    only: "REQUIRED",
    when: (value) => value === "REQUIRED",
    why: "istiod takes it and does nothing with it; a rule can ask for a claim of the token instead",
  },
  {
    path: "jwtRules[].outputPayloadToHeader",
    only: "`x-sluice-…`",
    when: (value) => String(value).toLowerCase().startsWith(OUR_PREFIX),
    why: RESERVED,
  },
  {
    path: "jwtRules[].outputClaimToHeaders[].header",
    only: "`x-sluice-…`",
    when: (value) => String(value).toLowerCase().startsWith(OUR_PREFIX),
    why: RESERVED,
  },
];

const VERDICTS: Partial<Record<DiagnosticCode, string>> = {
  SL0932: "obeyed in part",
  SL0501: "refused by Envoy",
  [NO_EFFECT.code]: "without effect",
};

/** Reports every unsupported field of a resource; false when there was one for which it is refused. */
export function refuseUnsupported(
  resource: Resource<unknown>,
  { root }: UnsupportedFields,
  report: Report,
): boolean {
  let fine = true;
  const at: (string | number)[] = ["spec"];
  const visit = (node: Node, value: unknown, parent: Fields): void => {
    const key = at.at(-1)!;
    for (const { when = isPresent, why, code = "SL0301" } of node.refused) {
      if (when(value, key, parent)) {
        fine &&= code === NO_EFFECT.code;
        const verdict = VERDICTS[code] ?? "not supported yet";
        const shown = typeof value === "string" || typeof value === "number" ? ` ("${value}")` : "";
        report(code, `${verdict}: ${nameOf(at)}${shown}${why ? `: ${why}` : ""}`, resource.spanOf([...at]));
      }
    }
    if (!isObject(value)) {
      return;
    }
    for (const [name, child] of node.fields) {
      at.push(name);
      visit(child, value[name], value);
      at.pop();
    }
    if (node.each !== undefined) {
      for (const name of Object.keys(value)) {
        at.push(Array.isArray(value) ? Number(name) : name);
        visit(node.each, value[name], value);
        at.pop();
      }
    }
  };
  visit(root, resource.spec, {});
  return fine;
}

type Fields = Readonly<Record<string, unknown>>;

/** The paths of a table as a tree: thousands of rules are looked through, and most have none of these fields. */
interface Node {
  readonly refused: Unsupported[];
  readonly fields: Map<string, Node>;
  /** For each item of a list, or each value of a map. */
  each?: Node;
}

class UnsupportedFields {
  readonly root = newNode();

  constructor(table: readonly Unsupported[]) {
    for (const entry of table) {
      let node = this.root;
      for (const segment of entry.path.split(".")) {
        const name = segment.replace(/\[\]$|\{\}$/, "");
        node = getOrAdd(node.fields, name);
        if (segment !== name) {
          node.each ??= newNode();
          node = node.each;
        }
      }
      node.refused.push(entry);
    }
  }
}

function newNode(): Node {
  return { refused: [], fields: new Map() };
}

function getOrAdd(fields: Map<string, Node>, name: string): Node {
  let node = fields.get(name);
  if (node === undefined) {
    node = newNode();
    fields.set(name, node);
  }
  return node;
}

/** The tables, by kind: what documents say is refused. */
export const UNSUPPORTED_FIELDS: Readonly<Record<string, readonly Unsupported[]>> = {
  VirtualService: VIRTUAL_SERVICE_FIELDS,
  DestinationRule: DESTINATION_RULE_FIELDS,
  ServiceEntry: SERVICE_ENTRY_FIELDS,
  Gateway: GATEWAY_FIELDS,
  Sidecar: SIDECAR_FIELDS,
  RequestAuthentication: REQUEST_AUTHENTICATION_FIELDS,
};

export const VIRTUAL_SERVICE = new UnsupportedFields(VIRTUAL_SERVICE_FIELDS);
export const DESTINATION_RULE = new UnsupportedFields(DESTINATION_RULE_FIELDS);
export const SERVICE_ENTRY = new UnsupportedFields(SERVICE_ENTRY_FIELDS);
export const SIDECAR = new UnsupportedFields(SIDECAR_FIELDS);
export const REQUEST_AUTHENTICATION = new UnsupportedFields(REQUEST_AUTHENTICATION_FIELDS);
export const GATEWAY = new UnsupportedFields(GATEWAY_FIELDS);

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isPresent(value: unknown): boolean {
  return (
    value !== undefined &&
    value !== null &&
    value !== 0 &&
    !(isObject(value) && Object.keys(value).length === 0)
  );
}
