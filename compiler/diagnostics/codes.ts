/**
 * The one table of diagnostics. A code never changes its meaning and is never reused; its level is fixed here
 * (`--strict` turns warnings into errors when they are counted). Istio's own code is named where one exists.
 *
 * SL00xx reading, SL01xx schema, SL02xx one resource by itself, SL03xx not supported yet, SL04xx references
 * between resources, SL05xx what Envoy would refuse, SL06xx what a request costs, SL07xx case files of `sluice test`,
 * SL08xx what is valid, but probably not meant, SL090x comments that silence findings, SL0930 and SL0931 a Sidecar by itself,
 * SL0932 health checks, SL094x the mesh configuration, SL096x what is counted, SL0973 and SL0974 tokens,
 * SL0976 and SL0977 egress proxies, SL0979 annotations.
 */

export type Level = "error" | "warning" | "info";

/** What people read for a level, and SARIF. JSON has the level itself. */
export const LEVEL_WORDS = { error: "error", warning: "warning", info: "note" } as const satisfies Record<
  Level,
  string
>;

/**
 * What rules are read for. `answer`: a question about them (`explain`, `test`, `diff`), for which no port is bound and no key is
 * needed. `check`: the question whether they are right. `build`: files for an Envoy that runs elsewhere. `run`: an Envoy on
 * this machine. `serve`: Envoys elsewhere, each of which says whose it is.
 */
export type Purpose = "check" | "answer" | "build" | "run" | "serve";

/** Whether no Envoy comes of it. */
export function isQuestion(purpose: Purpose): boolean {
  return purpose === "check" || purpose === "answer";
}

interface CodeEntry {
  /** Where an Envoy runs, which needs everything. */
  readonly level: Level;
  /**
   * What it counts as for less than that, since rules decide the same without what is missing. `unsaid`: no finding. For `check`
   * what it is for an answer, where nothing else is said.
   */
  readonly milder?: Readonly<Partial<Record<Exclude<Purpose, "run">, Level | "unsaid">>>;
  /** What it counts as with `--allow-unenforced`: whoever serves may take it on himself, and a comment says so, too. */
  readonly whenAllowed?: Level;
  /** What the code stands for, for `sluice check --explain CODE`. */
  readonly title: string;
  /** Istio's code for the same finding; several where Istio says it twice. */
  readonly istio?: string;
}

export const DIAGNOSTIC_CODES = {
  SL0001: { level: "error", title: "The file cannot be read." },
  SL0002: { level: "error", title: "The file is not UTF-8 text." },
  SL0003: { level: "error", title: "The file is too large." },
  SL0004: { level: "error", title: "The directory contains no YAML or JSON file." },
  SL0005: { level: "error", title: "The file is not valid YAML." },
  SL0006: { level: "error", title: "The document is nested too deeply." },
  SL0007: {
    level: "error",
    title: "Invalid alias: it is undefined, refers to itself, or expands to too much.",
  },
  SL0008: { level: "error", title: "Duplicate key in a mapping." },
  SL0009: { level: "warning", title: "The source of the rules failed." },
  SL0010: { level: "warning", title: "A resource is given more than once." },
  SL0011: { level: "info", title: "A resource is given more than once, each time with the same contents." },
  SL0012: { level: "info", title: "Files that are not Kubernetes resources were skipped." },
  SL0013: { level: "error", title: "Standard input is empty." },
  SL0014: { level: "warning", title: "The input contains no resources." },
  SL0015: { level: "warning", title: "A patch for Kustomize was skipped." },
  SL0016: { level: "error", title: "A `---` is missing between two resources." },
  SL0017: { level: "error", title: "The file is a template." },
  SL0018: { level: "info", title: "Kustomize would change these resources." },
  SL0019: { level: "error", title: "The directory contains no Kubernetes resources." },
  SL0025: { level: "error", title: "A kind of the cluster that the account may not read." },
  SL0101: { level: "error", title: "The document is not a Kubernetes resource." },
  SL0102: { level: "error", title: "Unknown kind in networking.istio.io." },
  SL0103: { level: "error", title: "Unknown version of a kind." },
  SL0104: { level: "error", title: "Unknown field.", istio: "IST0106" },
  SL0105: { level: "error", title: "A value of the wrong type.", istio: "IST0106" },
  SL0106: { level: "error", title: "A required field is missing.", istio: "IST0106" },
  SL0107: { level: "error", title: "A value that is not one of those allowed.", istio: "IST0106" },
  SL0108: { level: "error", title: "Fields that cannot be combined.", istio: "IST0106" },
  SL0110: { level: "info", title: "Resources of other kinds are ignored." },
  SL0111: {
    level: "warning",
    title: "A resource that would change what happens to requests, and is not read.",
  },
  SL0112: {
    level: "error",
    milder: { answer: "warning", check: "error" },
    whenAllowed: "info",
    title: "A policy that would deny what this proxy lets through.",
  },
  SL0113: { level: "warning", title: "Routes of another API, which Sluice does not read." },
  SL0114: { level: "info", title: "Workloads that accept only mutual TLS of the mesh." },
  SL0115: { level: "warning", title: "A field that has no effect, here and in Istio." },
  SL0201: { level: "error", title: "Invalid duration, or one shorter than a millisecond.", istio: "IST0106" },
  SL0202: { level: "error", title: "Port out of range (1 to 65535).", istio: "IST0106" },
  SL0203: { level: "error", title: "Invalid host name.", istio: "IST0106" },
  SL0205: { level: "error", title: "Invalid label.", istio: "IST0106" },
  SL0206: { level: "error", title: "Contradictory exportTo.", istio: "IST0106" },
  SL0207: { level: "error", title: "Invalid regular expression (RE2).", istio: "IST0106" },
  SL0208: { level: "error", title: "Empty prefix.", istio: "IST0106" },
  SL0209: { level: "error", title: "Invalid namespace.", istio: "IST0106" },
  SL0210: { level: "error", title: "An annotation that Istio refuses.", istio: "IST0106" },
  SL0211: { level: "error", title: "A delegate may only have http rules.", istio: "IST0106" },
  SL0212: { level: "error", title: "Invalid gateway name.", istio: "IST0106" },
  SL0213: { level: "warning", title: "Deprecated form of a gateway name.", istio: "IST0133" },
  SL0214: { level: "error", title: "A JWT claim is matched where it cannot be.", istio: "IST0106" },
  SL0215: { level: "error", title: "The host * is not allowed in the mesh.", istio: "IST0106" },
  SL0216: { level: "error", title: "Overlapping hosts in one resource.", istio: "IST0106" },
  SL0217: { level: "error", title: "A VirtualService without rules.", istio: "IST0106" },
  SL0218: { level: "error", title: "A rule needs exactly one action.", istio: "IST0106" },
  SL0219: { level: "error", title: "A delegate cannot delegate.", istio: "IST0106" },
  SL0220: { level: "error", title: "Invalid header name.", istio: "IST0106" },
  SL0221: { level: "error", title: "A header that cannot be changed.", istio: "IST0106" },
  SL0222: { level: "error", title: "Invalid format string in a header value.", istio: "IST0106" },
  SL0223: { level: "error", title: "Missing destination.", istio: "IST0106" },
  SL0224: { level: "error", title: "Weights must not be negative, or add up to 0.", istio: "IST0106" },
  SL0225: { level: "error", title: "Invalid or duplicate subset name.", istio: "IST0106" },
  SL0226: { level: "error", title: "The authority is rewritten twice.", istio: "IST0106" },
  SL0227: { level: "error", title: "Invalid sluice.dev annotation." },
  SL0230: { level: "error", title: "A fault without a delay or an abort.", istio: "IST0106" },
  SL0231: { level: "error", title: "A fault that Envoy cannot inject.", istio: "IST0106" },
  SL0232: { level: "error", title: "Invalid status code.", istio: "IST0106" },
  SL0233: { level: "error", title: "Invalid percentage.", istio: "IST0106" },
  SL0235: { level: "warning", title: "mirrorPercent is deprecated.", istio: "IST0133" },
  SL0240: { level: "error", title: "Invalid redirect.", istio: "IST0106" },
  SL0241: { level: "error", title: "A response body larger than 1 MiB.", istio: "IST0106" },
  SL0242: { level: "warning", title: "A response body larger than 100 KiB.", istio: "IST0133" },
  SL0243: { level: "error", title: "Invalid rewrite.", istio: "IST0106" },
  SL0250: { level: "error", title: "Invalid CORS policy.", istio: "IST0106" },
  SL0251: { level: "error", title: "Contradictory retry settings.", istio: "IST0106" },
  SL0252: { level: "error", title: "Unknown retry condition.", istio: "IST0106" },
  SL0260: { level: "error", title: "SNI hosts are missing, or not among the hosts.", istio: "IST0106" },
  SL0261: { level: "warning", title: "An IP address as SNI host.", istio: "IST0133" },
  SL0262: { level: "error", title: "Invalid address.", istio: "IST0106" },
  SL0263: {
    level: "error",
    title: "Missing or contradictory server certificates.",
    istio: "IST0106",
  },
  SL0270: { level: "warning", title: "A rule that is never reached.", istio: "IST0130" },
  SL0271: { level: "warning", title: "A match that is covered by an earlier one.", istio: "IST0131" },
  SL0272: { level: "error", title: "Invalid Gateway name.", istio: "IST0106" },
  SL0273: {
    level: "error",
    title: "A Gateway without servers, or a server without hosts.",
    istio: "IST0106",
  },
  SL0274: {
    level: "error",
    title: "Missing, unnamed or duplicate server port.",
    istio: "IST0106",
  },
  SL0275: {
    level: "error",
    title: "The server's protocol and its tls settings contradict each other.",
    istio: "IST0106",
  },
  SL0276: { level: "error", title: "Invalid host of a server.", istio: "IST0106" },
  SL0277: { level: "warning", title: "httpsRedirect has no effect here.", istio: "IST0133" },
  SL0278: { level: "error", title: "Invalid bind address.", istio: "IST0106" },
  SL0279: { level: "warning", title: "A TLS setting without effect.", istio: "IST0133" },
  SL0280: { level: "error", title: "A ServiceEntry without hosts.", istio: "IST0106" },
  SL0281: { level: "warning", title: "A wildcard inside a label.", istio: "IST0133" },
  SL0282: { level: "error", title: "A CIDR range cannot be resolved.", istio: "IST0106" },
  SL0283: { level: "error", title: "Unnamed or duplicate service port.", istio: "IST0106" },
  SL0284: { level: "error", title: "Unknown protocol.", istio: "IST0106" },
  SL0285: { level: "warning", title: "A TCP port without addresses.", istio: "IST0133, IST0134" },
  SL0286: { level: "error", title: "Several hosts that cannot be told apart.", istio: "IST0106" },
  SL0287: { level: "error", title: "Invalid endpoint.", istio: "IST0106" },
  SL0288: { level: "error", title: "Fields that the resolution does not allow.", istio: "IST0106" },
  SL0289: { level: "warning", title: "Hosts that share addresses on TCP.", istio: "IST0133" },
  SL0290: { level: "error", title: "An empty policy.", istio: "IST0106" },
  SL0291: { level: "error", title: "Invalid tunnel settings.", istio: "IST0106" },
  SL0292: { level: "error", title: "A port policy without a port.", istio: "IST0106" },
  SL0293: { level: "error", title: "Invalid or contradictory limit.", istio: "IST0106" },
  SL0294: { level: "warning", title: "A selector or endpoint without effect.", istio: "IST0133" },
  SL0295: { level: "warning", title: "A deprecated field.", istio: "IST0133" },
  SL0296: { level: "error", title: "Contradictory TLS settings.", istio: "IST0106" },
  SL0297: { level: "error", title: "Invalid load balancer setting.", istio: "IST0106" },
  SL0298: { level: "error", title: "Contradictory locality settings.", istio: "IST0106" },
  SL0299: { level: "warning", title: "Failover without outlier detection.", istio: "IST0133" },
  SL0301: { level: "error", title: "A field or value that is not supported yet." },
  SL0302: {
    level: "error",
    milder: { answer: "warning" },
    title: "A setting that an Envoy outside Istio cannot obey, but that routing does not depend on.",
  },
  SL0303: {
    level: "error",
    milder: { answer: "info" },
    title: "Rules for connections of the mesh, which need a listener for each port.",
  },
  SL0401: { level: "warning", title: "Unknown destination host.", istio: "IST0101" },
  SL0402: {
    level: "warning",
    title: "Unknown destination port.",
    istio: "IST0101",
  },
  SL0403: { level: "warning", title: "Unknown subset.", istio: "IST0101" },
  SL0404: { level: "warning", title: "Unknown gateway.", istio: "IST0101, IST0132" },
  SL0405: { level: "warning", title: "A Gateway whose selector looks misspelt.", istio: "IST0101" },
  SL0406: { level: "warning", title: "A DestinationRule for an unknown host.", istio: "IST0174" },
  SL0407: { level: "warning", title: "Two VirtualServices for one host in the mesh.", istio: "IST0109" },
  SL0408: { level: "warning", title: "Hosts that the named Gateway does not serve.", istio: "IST0132" },
  SL0409: { level: "warning", title: "A subset without endpoints.", istio: "IST0173" },
  SL0410: { level: "error", milder: { answer: "info" }, title: "Two listeners on the same port." },
  SL0411: { level: "warning", title: "A delegate that does not exist, or cannot be one.", istio: "IST0101" },
  SL0412: { level: "warning", title: "A delegate's rule outside what is delegated to it." },
  SL0413: { level: "error", title: "VirtualServices that delegate in a circle." },
  SL0420: { level: "warning", title: "Two Gateways serve the same host on the same port.", istio: "IST0145" },
  SL0421: { level: "warning", title: "TLS without verification of the server.", istio: "IST0128" },
  SL0422: { level: "warning", title: "TLS on a port without verification of the server.", istio: "IST0129" },
  SL0423: { level: "warning", title: "Two Gateways with the same certificate.", istio: "IST0138" },
  SL0424: { level: "warning", title: "A Secret with an unusable certificate.", istio: "IST0161" },
  SL0425: { level: "warning", title: "Unknown Secret.", istio: "IST0101" },
  SL0426: { level: "warning", title: "A port that the gateway's Service does not have.", istio: "IST0162" },
  SL0427: {
    level: "info",
    title: "A port that the Service of Istio's own ingress gateway does not have.",
    istio: "IST0162",
  },
  SL0428: { level: "warning", title: "A destination with several ports, and none chosen.", istio: "IST0112" },
  SL0429: {
    level: "warning",
    title: "Subsets of the mesh have no effect at a gateway.",
    istio: "IST0140",
  },
  SL0430: { level: "warning", title: "JWT claims that are never verified.", istio: "IST0149" },
  SL0431: { level: "warning", title: "A Gateway that belongs to istiod.", istio: "IST0165" },
  SL0432: { level: "warning", title: "Two protocols for the same port of a host.", istio: "IST0177" },
  SL0433: { level: "warning", title: "fault.delay.percent is deprecated.", istio: "IST0002" },
  SL0434: { level: "warning", title: "A port that can only be told apart by address.", istio: "IST0134" },
  SL0440: {
    level: "error",
    milder: { answer: "unsaid" },
    title: "A credential that does not exist, or is incomplete.",
    istio: "IST0101",
  },
  SL0441: {
    level: "error",
    milder: { answer: "warning" },
    title: "An invalid certificate or key, or two that do not belong together.",
  },
  SL0442: { level: "warning", title: "An expired or not yet valid certificate." },
  SL0443: {
    level: "warning",
    title: "A server that shares its port with an incompatible one.",
    istio: "IST0145",
  },
  SL0444: { level: "warning", title: "Connections that cannot be told apart from another service's." },
  SL0445: {
    level: "error",
    milder: { answer: "unsaid", build: "info", serve: "info" },
    title: "A certificate or key file that does not exist on this machine.",
  },
  SL0446: { level: "info", title: "A Gateway for a proxy that the input does not have.", istio: "IST0101" },
  SL0448: { level: "info", title: "A subset of a service without Pods in the input.", istio: "IST0173" },
  SL0501: { level: "error", title: "A value that Envoy refuses." },
  SL0601: { level: "info", title: "Envoy's own routes are cheaper for these rules." },
  SL0701: { level: "error", title: "A case with a request that cannot be sent." },
  SL0702: { level: "error", title: "A case for a listener that does not exist." },
  SL0703: { level: "error", title: "Expectations that contradict one another." },
  SL0801: { level: "info", title: "A prefix that ends within a word." },
  SL0802: { level: "warning", title: "An unescaped dot in an expression." },
  SL0803: { level: "info", title: "A destination with weight 0." },
  SL0804: { level: "warning", title: "A destination without a weight beside others." },
  SL0805: { level: "warning", title: "A timeout shorter than the fault's delay." },
  SL0806: { level: "info", title: "A timeout shorter than all tries together." },
  SL0807: { level: "warning", title: "Retries of requests that must not be sent twice." },
  SL0808: { level: "info", title: "Retries that also apply to POST." },
  SL0809: { level: "info", title: "An unused DestinationRule." },
  SL0810: { level: "info", title: "An unused subset." },
  SL0811: { level: "warning", title: "A match that no request can meet." },
  SL0812: { level: "warning", title: "A rewrite that loses the slash at the beginning of a path." },
  SL0813: { level: "warning", title: "A method that HTTP/1.1 requests cannot have." },
  SL0814: { level: "info", title: "A rewrite that doubles or swallows a slash." },
  SL0816: { level: "warning", title: "A fault without a percentage." },
  SL0817: { level: "info", title: "A fault for 0 % of the requests." },
  SL0818: { level: "warning", title: "A star that stands for itself." },
  SL0819: { level: "warning", title: "A placeholder that is never filled in." },
  SL0820: { level: "warning", title: "A match on a port that no server has." },
  SL0821: { level: "warning", title: "A redirect that leads to itself." },
  SL0822: { level: "warning", title: "A ServiceEntry whose host another resource has." },
  SL0823: { level: "warning", title: "Headers that a delegate replaces." },
  SL0824: { level: "warning", title: "A host whose capital letters differ from its service's." },
  SL0901: { level: "warning", title: "An ignore that silences nothing." },
  SL0902: { level: "warning", title: "An ignore of something that cannot be silenced." },
  SL0903: { level: "warning", title: "An ignore without a reason." },
  SL0930: { level: "error", title: "Invalid egress of a Sidecar.", istio: "IST0106" },
  SL0931: { level: "warning", title: "An egress host that another one covers.", istio: "IST0133" },
  SL0932: {
    level: "warning",
    title: "A health check, or a choice of endpoints, that does less than it seems to.",
  },
  SL0940: { level: "error", title: "Two mesh configurations contradict each other." },
  SL0941: {
    level: "info",
    title: "A mesh configuration that is not read, because --mesh-config names another.",
  },
  SL0942: { level: "warning", title: "Two documents say different things of one proxy." },
  SL0943: { level: "warning", title: "A ProxyConfig whose selector has no labels selects no proxy." },
  SL0944: { level: "error", title: "Invalid value in the mesh configuration." },
  SL0945: { level: "warning", title: "A subset none of whose endpoints is known to be its own." },
  SL0948: { level: "warning", title: "A limit of clients that is never reached." },
  SL0963: { level: "warning", title: "Too many rules for Envoy's own routes to count by." },
  SL0973: { level: "error", title: "Invalid rule of a RequestAuthentication.", istio: "IST0106" },
  SL0974: { level: "warning", title: "A private key where a public one is enough." },
  SL0976: { level: "warning", title: "An egress proxy that its Sidecar does not import." },
  SL0977: { level: "info", title: "Connections that do not go to the egress proxy." },
  SL0979: {
    level: "warning",
    title: "An annotation of a Gateway whose port is an older Gateway's listener.",
  },
} as const satisfies Record<string, CodeEntry>;

/** A code of the table: `SL0401`. It never changes its meaning. */
export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;

/** What a code counts as where rules are read for this. `allowed`: with `--allow-unenforced`. */
export function levelFor(code: DiagnosticCode, purpose: Purpose, allowed = false): Level | "unsaid" {
  const { level, milder, whenAllowed }: CodeEntry = DIAGNOSTIC_CODES[code];
  if (allowed && whenAllowed !== undefined) {
    return whenAllowed;
  }
  if (purpose === "run") {
    return level;
  }
  return milder?.[purpose] ?? (purpose === "check" ? milder?.answer : undefined) ?? level;
}

/** Whether a comment silences it, even where it is an error: it is for whoever serves to decide. */
export function isForUsersToDecide(code: DiagnosticCode): boolean {
  return (DIAGNOSTIC_CODES[code] as CodeEntry).whenAllowed !== undefined;
}

/** Istio's codes for the same finding. */
export function istioCodes(code: DiagnosticCode): readonly string[] {
  const { istio }: CodeEntry = DIAGNOSTIC_CODES[code];
  return istio?.split(", ") ?? [];
}
