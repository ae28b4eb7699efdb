/** A user of a kubeconfig → where its credentials come from, and whom it acts as. */

import type { ClusterAccess, CredentialSource } from "../credentials/cluster-access.ts";
import { FreshFile } from "../credentials/fresh-file.ts";
import { StaticCredentials, type Written } from "../credentials/static-credentials.ts";
import { execPluginOf } from "./exec.ts";
import type { Section } from "./section.ts";

/** `cluster` is for programs that ask which cluster they make credentials for. */
export function credentialsOf(user: Section | undefined, cluster: Section): CredentialSource {
  if (user === undefined) {
    return new StaticCredentials({ owner: "no user" });
  }
  const provider = user.section("auth-provider");
  if (provider !== undefined) {
    throw user.error(
      `\`auth-provider\` "${provider.text("name") ?? ""}" is not supported, as in kubectl since 1.26; use \`exec\` with your provider's plugin`,
    );
  }
  const certificate = certificateOf(user);
  // A file that is named wins over a token beside it: it is the one that is replaced.
  const tokenFile = user.path("tokenFile");
  const token =
    tokenFile === undefined ? user.text("token") : new FreshFile(tokenFile, `\`tokenFile\` of ${user.title}`);
  const username = user.text("username");
  if (token !== undefined && username !== undefined) {
    throw user.error("`token` and `username` cannot be combined; remove one");
  }
  const exec = user.section("exec");
  if (exec !== undefined && token === undefined && username === undefined) {
    if (certificate !== undefined) {
      throw user.error("`exec` and a client certificate cannot be combined; remove one");
    }
    return execPluginOf(user, exec, cluster);
  }
  return new StaticCredentials({
    owner: user.title,
    ...(certificate && { certificate }),
    ...(token !== undefined && { token }),
    ...(username !== undefined && { password: { username, password: user.text("password") ?? "" } }),
  });
}

function certificateOf(user: Section): { cert: Written; key: Written } | undefined {
  const cert = writtenIn(user, "client-certificate");
  const key = writtenIn(user, "client-key");
  if (cert === undefined && key === undefined) {
    return undefined;
  }
  if (cert === undefined || key === undefined) {
    const [there, missing] = cert === undefined ? ["key", "certificate"] : ["certificate", "key"];
    throw user.error(`there is a \`client-${there}\` and no \`client-${missing}\`; both are needed`);
  }
  return { cert, key };
}

function writtenIn(user: Section, field: string): Written | undefined {
  const data = user.data(`${field}-data`);
  const file = user.path(field);
  return data ?? (file === undefined ? undefined : new FreshFile(file, `\`${field}\` of ${user.title}`));
}

/** As `kubectl` does with `as`, `as-uid`, `as-groups` and `as-user-extra`. */
export function impersonationOf(user: Section | undefined): ClusterAccess["impersonation"] {
  const headers: Record<string, string | string[]> = {};
  if (user === undefined) {
    return headers;
  }
  const name = user.text("as");
  const uid = user.text("as-uid");
  const groups = user.texts("as-groups");
  const extra = user.section("as-user-extra")?.textLists() ?? [];
  if (name === undefined && (uid !== undefined || groups.length > 0 || extra.length > 0)) {
    throw user.error("`as` is missing; `as-uid`, `as-groups` and `as-user-extra` need it");
  }
  if (name !== undefined) {
    headers["Impersonate-User"] = name;
  }
  if (uid !== undefined) {
    headers["Impersonate-Uid"] = uid;
  }
  if (groups.length > 0) {
    headers["Impersonate-Group"] = [...groups];
  }
  for (const [key, values] of extra) {
    headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = [...values];
  }
  return headers;
}
