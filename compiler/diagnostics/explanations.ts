/** More than a title, for codes that need it: why it is said, and what to do. */

import type { DiagnosticCode } from "./codes.ts";

export const EXPLANATIONS: Partial<Record<DiagnosticCode, string>> = {
  SL0104:
    "Kubernetes would drop the field in silence, so a slip of the finger would be a rule without effect.",
  SL0105:
    "YAML 1.1 reads unquoted y, no and on as booleans; text that looks like something else needs quotes.",
  SL0207: "Expressions are RE2's: no look-around, no back references. They always match the whole value.",
  SL0270: "Rules are tried in their order. Put the narrower ones first.",
  SL0271: "Rules are tried in their order. What they match is compared, not how they are written.",
  SL0401:
    "Services come from Service and ServiceEntry documents of the input. Envoy answers 503 for what has none.",
  SL0403:
    "Subsets are defined in a DestinationRule for the host that this namespace sees. Envoy answers 503 otherwise.",
  SL0407: "In the mesh the rules of one host are not merged: those of the oldest VirtualService hold.",
  SL0409: "A subset has the endpoints whose labels it names; with none of them Envoy answers 503.",
  SL0420: "Which of the two serves a request depends on their age, and on what else is there.",
  SL0421: "Without caCertificates any certificate is believed, so that anybody in between can read along.",
  SL0423:
    "Browsers use one HTTP/2 connection for all hosts of a certificate; requests then reach the wrong Gateway.",
  SL0425: "Only said where the input holds Secrets at all.",
  SL0426: "What is before the Pods of a gateway must have the port, or nobody reaches it.",
  SL0429: "A gateway asks the rules of its own VirtualServices only; those of the mesh come too late.",
  SL0434: "Ports of TCP are told apart by address alone.",
  SL0801: "A prefix is compared by characters, not by parts of a path: /api takes /apiary and /api-internal.",
  SL0802:
    'In an expression "." is any character: /v1.0 takes /v1x0. Write "\\\\." in double quotes, \\. without.',
  SL0803:
    "Often meant, before or after a version is rolled out; forgotten, it is a destination without requests.",
  SL0804: "A weight that is not written is 0 where a rule has several destinations.",
  SL0805: "The fault's delay comes before the timeout begins unless sluice.dev/fault-scope is upstream.",
  SL0806: "The timeout is for all tries together, waiting between them included: later tries are cut off.",
  SL0807: "With 5xx, gateway-error or reset the upstream may have done its work before the try failed.",
  SL0808:
    "The rule has no condition on the method. Retries on connect-failure and refused-stream are safe for all.",
  SL0809: "Its policy holds only for requests to the host itself, and its subsets are never used.",
  SL0810: "It costs nothing, and may be the one that was meant elsewhere.",
  SL0811:
    "Two conditions on one thing that exclude each other, or a text that never arrives, such as an unnormalised path.",
  SL0901: "What it was for is gone. Left in place it would hide what comes next.",
};
