/** Envoy's redirect, as istiod writes it. */

import type { Redirect } from "../../ir/ir.ts";

/** `envoy.config.route.v3.RedirectAction` */
export interface RedirectAction {
  readonly host_redirect?: string;
  readonly port_redirect?: number;
  readonly scheme_redirect?: string;
  readonly path_redirect?: string;
  readonly prefix_rewrite?: string;
  readonly regex_rewrite?: RegexRewrite;
  readonly response_code: string;
}

/** `envoy.type.matcher.v3.RegexMatchAndSubstitute` */
export interface RegexRewrite {
  readonly pattern: { readonly regex: string };
  readonly substitution: string;
}

const RESPONSE_CODES: Readonly<Record<Redirect["status"], string>> = {
  301: "MOVED_PERMANENTLY",
  302: "FOUND",
  303: "SEE_OTHER",
  307: "TEMPORARY_REDIRECT",
  308: "PERMANENT_REDIRECT",
};

export function emitRedirect({ status, host, port, scheme, path }: Redirect): RedirectAction {
  return {
    ...(host !== undefined && { host_redirect: host }),
    ...(port !== undefined && { port_redirect: port }),
    ...(scheme !== undefined && { scheme_redirect: scheme }),
    ...emitPath(path),
    response_code: RESPONSE_CODES[status],
  };
}

function emitPath(
  path: Redirect["path"],
): Pick<RedirectAction, "path_redirect" | "prefix_rewrite" | "regex_rewrite"> {
  switch (path?.kind) {
    case undefined:
      return {};
    case "whole":
      return { path_redirect: path.value };
    case "matched":
      return { prefix_rewrite: path.value };
    case "regex":
      return { regex_rewrite: { pattern: { regex: path.pattern }, substitution: path.substitution } };
  }
}
