/**
 * The bodies that stand in place of Envoy's own words (`local_reply_config`), for both targets. An answer's details tell
 * whether it is a rule's: our filter says the same as Envoy's own router and fault filter.
 */

import { DETAILS_OF_RULES, type ErrorPage, OTHER_REASON, REASONS } from "../../ir/error-page.ts";
import type { Listener } from "../../ir/ir.ts";
import { type Extension, typed } from "./protobuf.ts";

/** `envoy.extensions.filters.network.http_connection_manager.v3.LocalReplyConfig` */
export interface LocalReplyConfig {
  readonly mappers: readonly ResponseMapper[];
}

interface ResponseMapper {
  readonly filter: AccessLogFilter;
  readonly body_format_override: {
    readonly text_format_source: { readonly inline_string: string };
    readonly content_type: string;
  };
}

/** `envoy.config.accesslog.v3.AccessLogFilter` */
type AccessLogFilter =
  | { readonly and_filter: { readonly filters: readonly AccessLogFilter[] } }
  | { readonly status_code_filter: { readonly comparison: object } }
  | { readonly header_filter: { readonly header: object } }
  | { readonly extension_filter: Extension };

export function emitErrorPages({ errorPages }: Listener): {
  readonly local_reply_config?: LocalReplyConfig;
} {
  return errorPages === undefined ? {} : { local_reply_config: { mappers: errorPages.flatMap(mappersOf) } };
}

/** Envoy has no operator for the phrase, so that each status has a body of its own. */
function mappersOf(page: ErrorPage): ResponseMapper[] {
  const { statuses, body } = page;
  return statuses.flatMap(({ least, most }) => {
    const inRange = ([status]: readonly [number, string]) => least <= status && status <= most;
    const named = body.some((part) => typeof part !== "string" && part.variable === "reason")
      ? [...REASONS].filter(inRange)
      : [];
    return [
      ...named.map(([status, reason]) => mapper(page, status, status, reason)),
      ...(named.length > most - least ? [] : [mapper(page, least, most, OTHER_REASON)]),
    ];
  });
}

function mapper(
  { contentType, body }: ErrorPage,
  least: number,
  most: number,
  reason: string,
): ResponseMapper {
  const text = body.map((part) =>
    typeof part === "string"
      ? part.replaceAll("%", "%%")
      : part.variable === "status"
        ? "%RESPONSE_CODE%"
        : reason,
  );
  return {
    filter: {
      and_filter: {
        filters: [
          ...(least === most ? [status("EQ", least)] : [status("GE", least), status("LE", most)]),
          NO_GRPC,
          NO_RULE,
        ],
      },
    },
    body_format_override: {
      text_format_source: { inline_string: text.join("") },
      content_type: contentType,
    },
  };
}

function status(op: "EQ" | "GE" | "LE", value: number): AccessLogFilter {
  return {
    status_code_filter: {
      // The key is of Envoy's runtime, which we leave empty: the default holds.
      comparison: { op, value: { default_value: value, runtime_key: "sluice.error_page" } },
    },
  };
}

/** A client of gRPC reads a status and a message in trailers, into which the page would be put. */
const NO_GRPC: AccessLogFilter = {
  header_filter: {
    header: {
      name: "content-type",
      string_match: { prefix: "application/grpc" },
      invert_match: true,
      treat_missing_header_as_empty: true,
    },
  },
};

const NO_RULE: AccessLogFilter = {
  extension_filter: {
    name: "envoy.access_loggers.extension_filters.cel",
    typed_config: typed("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", {
      expression: `!(response.code_details in [${DETAILS_OF_RULES.map((one) => `'${one}'`).join(", ")}])`,
    }),
  },
};
