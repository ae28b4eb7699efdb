/** What the proxy says to whoever asks it for names, as a DNS server of UDP. */

export interface DnsServer {
  readonly address: string;
  readonly port: number;
  /** Sorted by name. Names that are not among them are asked of the machine's own servers. */
  readonly domains: readonly DnsDomain[];
}

export interface DnsDomain {
  /** Lower case, without a dot at its end. `*.suffix` stands for all names below the suffix that are not there themselves. */
  readonly name: string;
  /** IPv4 or IPv6; at least one. */
  readonly addresses: readonly string[];
}
