/**
 * Whether a proxy may be who it says it is. What it says (id, namespace, labels) is a claim; what its connection proves (a
 * certificate, a token) decides which claims it may make. Pure: files are read elsewhere.
 */

import { printable } from "../../diagnostics/render/printable.ts";
import { namesOf } from "./certificate-names.ts";
import { admits, isAdmitted } from "./pattern.ts";
import type { Peer } from "./peer.ts";
import { hasDigest } from "./tokens.ts";

/** What a proxy claims, with the server's own options for what it leaves out. */
export interface Claim {
  readonly id: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What may be claimed. All of it are patterns; see `pattern.ts`. */
export interface Grant {
  readonly namespaces: readonly string[];
  /** Key → values; a label that is not here may not be claimed. Absent: any labels. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** Absent: any id. */
  readonly ids?: readonly string[];
}

/** How a client proves who it is: exactly one of these. */
export type ClientProof =
  | { readonly spiffe: string }
  | { readonly name: string }
  /** `said` is what it is called where the token must not be. */
  | { readonly tokenDigests: readonly Uint8Array[]; readonly said: string };

/** An entry of the clients file. */
export interface Client {
  readonly proof: ClientProof;
  /** Absent for a SPIFFE id that may claim its own namespace. */
  readonly grant?: Grant;
}

export interface AdmissionPolicy {
  /** Who may claim what. Absent: a SPIFFE id may claim its own namespace, and nobody else anything. */
  readonly clients?: readonly Client[];
  /** Whoever has one of these tokens may claim everything. */
  readonly tokenDigests?: readonly Uint8Array[];
  /** Nobody has to prove anything: only programs of this machine can connect. */
  readonly isOpen: boolean;
}

/** May not be what it claims. */
export interface Refusal {
  /** Of gRPC: nobody is known to be at the other end, or it is somebody who may not claim this. */
  readonly status: "UNAUTHENTICATED" | "PERMISSION_DENIED";
  /** One line for logs and for the client: who claimed what, and what it may claim. */
  readonly words: string;
}

/** May be what it claims. */
export interface Admission {
  /** By what it has proved who it is, such as a SPIFFE id: the same for each of its connections. */
  readonly who: string;
}

const EVERYTHING: Grant = { namespaces: ["*"] };

export function admit(peer: Peer, claim: Claim, policy: AdmissionPolicy): Admission | Refusal {
  if (policy.isOpen) {
    return { who: "a program of this machine" };
  }
  const grants = grantsOf(peer, policy);
  const [first] = grants;
  if (first === undefined) {
    // A certificate that was verified says who it is; only, nobody has allowed it anything.
    const status = peer.certificate === undefined ? "UNAUTHENTICATED" : "PERMISSION_DENIED";
    return { status, words: oneLine(whyUnknown(peer, policy)) };
  }
  const { who } = first;
  if (grants.some(({ grant }) => excessOf(claim, grant) === undefined)) {
    return { who };
  }
  const excess = excessOf(claim, first.grant)!;
  const allowed = grants.map(({ grant }) => allowedIn(grant, excess.field)).join(" or ");
  return {
    status: "PERMISSION_DENIED",
    words: oneLine(`${who}, as proxy ${quoted(claim.id)}, claims ${excess.words}; it may claim ${allowed}`),
  };
}

interface KnownGrant {
  readonly who: string;
  readonly grant: Grant;
}

function grantsOf({ certificate, token }: Peer, policy: AdmissionPolicy): KnownGrant[] {
  const grants: KnownGrant[] = [];
  if (token !== undefined && hasDigest(policy.tokenDigests ?? [], token)) {
    grants.push({ who: "a client with a token of the server", grant: EVERYTHING });
  }
  const { spiffe, names } = certificate === undefined ? { names: [] } : namesOf(certificate);
  const own: Grant | undefined =
    spiffe?.namespace === undefined ? undefined : { namespaces: [spiffe.namespace] };
  if (policy.clients === undefined) {
    return own === undefined ? grants : [...grants, { who: spiffe!.text, grant: own }];
  }
  for (const { proof, grant } of policy.clients) {
    let who: string | undefined;
    if ("spiffe" in proof) {
      who = spiffe !== undefined && admits(proof.spiffe, spiffe.text) ? spiffe.text : undefined;
    } else if ("name" in proof) {
      who = names.find((name) => admits(proof.name.toLowerCase(), name));
    } else {
      who = token !== undefined && hasDigest(proof.tokenDigests, token) ? proof.said : undefined;
    }
    const granted = grant ?? own;
    if (who !== undefined && granted !== undefined) {
      grants.push({ who, grant: granted });
    }
  }
  return grants;
}

type Field = "namespace" | "labels" | "id";

interface Excess {
  readonly field: Field;
  readonly words: string;
}

/** What of a claim is more than may be claimed. */
function excessOf({ id, namespace, labels }: Claim, grant: Grant): Excess | undefined {
  if (!isAdmitted(grant.namespaces, namespace)) {
    return { field: "namespace", words: `namespace ${quoted(namespace)}` };
  }
  if (grant.ids !== undefined && !isAdmitted(grant.ids, id)) {
    return { field: "id", words: "this id" };
  }
  const patterns = grant.labels && Object.entries(grant.labels);
  const label =
    patterns &&
    Object.entries(labels).find(
      ([key, value]) => !patterns.some(([name, values]) => admits(name, key) && isAdmitted(values, value)),
    );
  return label && { field: "labels", words: `label ${quoted(label.join("="))}` };
}

function allowedIn({ namespaces, labels, ids }: Grant, field: Field): string {
  switch (field) {
    case "namespace":
      return `namespace ${namespaces.join(", ")}`;
    case "id":
      return `ids ${(ids ?? ["*"]).join(", ")}`;
    case "labels": {
      const pairs = Object.entries(labels ?? { "*": ["*"] }).map(
        ([key, values]) => `${key}=${values.join("|")}`,
      );
      return pairs.length === 0 ? "no labels" : `labels ${pairs.join(", ")}`;
    }
  }
}

function whyUnknown({ certificate, token }: Peer, { clients, tokenDigests }: AdmissionPolicy): string {
  if (certificate !== undefined) {
    const { spiffe, names } = namesOf(certificate);
    const name = spiffe?.text ?? names[0];
    if (name === undefined) {
      return "the client's certificate has no name that could be allowed anything";
    }
    return clients === undefined
      ? `${name} is not a SPIFFE id with a namespace (spiffe://…/ns/NAMESPACE/sa/NAME); name it in a file for --clients`
      : `${name} is not named in the clients file`;
  }
  if (token !== undefined) {
    return "the client's token is not known";
  }
  return tokenDigests !== undefined || clients?.some(({ proof }) => "tokenDigests" in proof)
    ? "the client has no token; it belongs into `authorization` of the initial metadata, behind Bearer"
    : "the client has no certificate";
}

/** Characters of what a client says of itself. */
const LONGEST = 100;

function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
}

/** Names in certificates are chosen by others, too. */
function oneLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]/g, " ");
}
