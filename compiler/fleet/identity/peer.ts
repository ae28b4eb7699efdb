/** Who is at the other end of a connection, as far as the connection proves it. What is claimed on it is no part of this. */

/** The names in a certificate that was verified, as texts of `crypto.X509Certificate`. */
export interface PeerCertificate {
  /** A line for each part: `CN=edge.example`. */
  readonly subject: string;
  /** `URI:spiffe://…, DNS:…` */
  readonly subjectAltName?: string | undefined;
}

export interface Peer {
  readonly certificate?: PeerCertificate;
  /** The bearer token of its `authorization`. */
  readonly token?: string;
}
