/** How to reach one API server, and as whom: what a kubeconfig or an account of a pod comes down to. */

/** What a connection and a request carry; files are read anew, so two calls may give different ones. */
export interface Credentials {
  /** Value of the header `Authorization`. */
  readonly authorization?: string;
  /** PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** Where credentials come from. They may rotate at any time. */
export interface CredentialSource {
  /** Those that hold now. Rejects with an `EnvironmentError` that says which file or program to mend. */
  current(): Promise<Credentials>;
  /** The server has refused these: `current` must not give them again from memory. */
  refused(credentials: Credentials): void;
}

export interface ClusterAccess {
  /** `https://host:6443`, with a path where the API stands under one. */
  readonly server: URL;
  /** Where this comes from, for messages: `context "prod" of /home/me/.kube/config`. */
  readonly origin: string;
  readonly defaultNamespace: string;
  /** PEM of the authorities that the server's certificate must be of; those of Node where nothing is named. */
  readonly authorities: () => string | undefined;
  /** The name in the server's certificate, where it is not the host of `server`. */
  readonly serverName?: string;
  /** The server's certificate is not looked at: a kubeconfig says so. */
  readonly insecure: boolean;
  readonly proxy?: URL;
  readonly credentials: CredentialSource;
  /** Headers of every request: whom to act as. */
  readonly impersonation: Readonly<Record<string, string | string[]>>;
}
