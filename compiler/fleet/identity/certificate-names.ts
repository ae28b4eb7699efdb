/** The names for which a verified certificate stands. */

import type { PeerCertificate } from "./peer.ts";
import { parseSpiffeId, type SpiffeId } from "./spiffe-id.ts";

export interface CertificateNames {
  readonly spiffe?: SpiffeId;
  /** DNS names; the common name only of a certificate that has no other names (RFC 6125, 6.4.4). */
  readonly names: readonly string[];
}

export function namesOf({ subject, subjectAltName }: PeerCertificate): CertificateNames {
  const alternatives = alternativeNames(subjectAltName ?? "");
  const uris = alternatives.filter(({ type }) => type === "URI").map(({ value }) => value);
  // The standard wants exactly one: of several, nobody could say which one is meant.
  const spiffe = uris.length === 1 ? parseSpiffeId(uris[0]!) : undefined;
  const names = alternatives.filter(({ type }) => type === "DNS").map(({ value }) => value.toLowerCase());
  const common = [...(subject ?? "").matchAll(/^CN=(.+)$/gm)].map(([, name]) => name!.toLowerCase());
  return {
    ...(spiffe !== undefined && { spiffe }),
    names: alternatives.length > 0 ? names : common.length === 1 ? common : [],
  };
}

interface AlternativeName {
  readonly type: string;
  readonly value: string;
}

/**
 * Node's one text for all of them: `DNS:a.example, URI:spiffe://…`. A name that could be taken for more than one, since it
 * has a comma or a quote in it, stands there as a JSON string (CVE-2021-44532).
 */
function alternativeNames(text: string): AlternativeName[] {
  const found: AlternativeName[] = [];
  const item = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
  while (item.lastIndex < text.length) {
    const match = item.exec(text);
    if (match === null) {
      // Nothing of what cannot be read as a whole is believed.
      return [{ type: "unreadable", value: text }];
    }
    const [, type, value] = match as unknown as [string, string, string];
    found.push({ type, value: value.startsWith('"') ? unquoted(value) : value });
  }
  return found;
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}
