/**
 * Envoy's own filter for limits on the rate of requests, where Envoy's own routes decide; elsewhere the filter counts itself.
 *
 * Envoy gives each route, virtual host or table that has a configuration buckets of its own. A limit is that of a rule, which can be
 * several routes of several hosts, so the table has the buckets of all its rules, and a route says in its metadata which is its. Hosts
 * without a limit turn the filter off, and pay nothing.
 */

import { CLAIMS_FIELD, LIMIT_KEY_MAX, TOKEN_FILTER } from "../../../filter/layout.ts";
import { claimName } from "../../ir/authentication.ts";
import type { Listener, Route, RouteTable, VirtualHost } from "../../ir/ir.ts";
import { type LimitKey, longestWaitSeconds, MOST_CLIENTS, type RateLimit } from "../../ir/rate-limit.ts";
import { perStretch } from "../../lists/stretches.ts";
import { emitHeaders, type HeaderFields } from "./headers.ts";
import {
  duration,
  type Extension,
  type FractionalPercent,
  fractionalPercent,
  type TypedConfig,
  typed,
} from "./protobuf.ts";
import type { HeaderMatcher } from "./route-match.ts";

const NAME = "envoy.filters.http.local_ratelimit";
const TYPE = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";

/** `envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit` */
interface LocalRateLimit extends Pick<HeaderFields, "response_headers_to_add"> {
  readonly stat_prefix: string;
  readonly token_bucket: TokenBucket;
  readonly filter_enabled: Always;
  readonly filter_enforced: Always;
  readonly descriptors: readonly LimitDescriptor[];
  readonly rate_limits: readonly { readonly actions: readonly Action[] }[];
  readonly max_dynamic_descriptors: number;
  readonly always_consume_default_token_bucket: false;
  readonly rate_limited_as_resource_exhausted: true;
}

/** `envoy.type.v3.TokenBucket` */
interface TokenBucket {
  readonly max_tokens: number;
  readonly tokens_per_fill: number;
  readonly fill_interval: string;
}

/** `envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor`; an entry without a value has a bucket for each. */
interface LimitDescriptor {
  readonly entries: readonly { readonly key: string; readonly value?: string }[];
  readonly token_bucket: TokenBucket;
}

/** `envoy.config.route.v3.RateLimit.Action`; a descriptor is made of all of a list, or not at all. */
type Action =
  | {
      readonly metadata: {
        readonly descriptor_key: string;
        readonly metadata_key: { readonly key: string; readonly path: readonly { readonly key: string }[] };
        readonly source: "ROUTE_ENTRY" | "DYNAMIC";
        /** Where there is no text, the descriptor has one entry less. */
        readonly skip_if_absent?: true;
      };
    }
  | { readonly remote_address: Record<string, never> }
  | { readonly request_headers: { readonly header_name: string; readonly descriptor_key: string } }
  | {
      readonly header_value_match: {
        readonly descriptor_key: string;
        readonly descriptor_value: string;
        readonly expect_match: boolean;
        readonly headers: readonly HeaderMatcher[];
      };
    };

/** `envoy.config.core.v3.RuntimeFractionalPercent` */
interface Always {
  readonly default_value: FractionalPercent;
}

const ALWAYS: Always = { default_value: fractionalPercent(1_000_000) };

/** Under which name a route's metadata says what its limit is: `limit…`, and after how many seconds there is a token again. */
const METADATA = "sluice.limit";
const RETRY_AFTER = "retry_after";

/** What a route's metadata says of its limit. */
export type LimitMetadata = Readonly<Record<string, string>>;

/** A member of `filter_metadata`. */
export function limitMetadata({ rateLimit }: Route): { readonly [METADATA]?: LimitMetadata } {
  return rateLimit === undefined
    ? {}
    : {
        [METADATA]: {
          [bucketKey(rateLimit.by)]: rateLimit.bucket,
          [RETRY_AFTER]: String(longestWaitSeconds(rateLimit)),
        },
      };
}

/** What buckets of a kind of limit are called, in metadata and descriptors: those of another kind are not looked for then. */
function bucketKey(by: LimitKey | undefined): string {
  switch (by?.kind) {
    case undefined:
      return "bucket";
    case "clientAddress":
      return "bucket_by_address";
    case "header":
      return `bucket_by_header:${by.name}`;
    case "claim":
      return `bucket_by_claim:${claimName(by.path)}`;
  }
}

/** The filter in the chain, if some rule of a listener has a limit: it does nothing by itself. */
export function rateLimitFilters({ routes, name }: Listener): Extension[] {
  return limitsOf(routes).length === 0
    ? []
    : [{ name: NAME, typed_config: typed(TYPE, { stat_prefix: name }) }];
}

/** A table's entry of `typed_per_filter_config`: every bucket of its rules. */
export function emitRateLimits({ routes, name }: Listener): Readonly<Record<string, TypedConfig>> {
  const limits = limitsOf(routes);
  if (limits.length === 0) {
    return {};
  }
  const kinds = new Map(limits.map(({ by }) => [bucketKey(by), by]));
  const config: LocalRateLimit = {
    stat_prefix: name,
    // For requests without a limit; Envoy wants one.
    token_bucket: { max_tokens: MOST_TOKENS, tokens_per_fill: MOST_TOKENS, fill_interval: duration(1_000) },
    filter_enabled: ALWAYS,
    filter_enforced: ALWAYS,
    ...emitHeaders(undefined, {
      remove: [],
      write: [{ name: "retry-after", value: `%METADATA(ROUTE:${METADATA}:${RETRY_AFTER})%`, append: false }],
    }),
    descriptors: limits.flatMap(emitDescriptors),
    rate_limits: [...kinds].flatMap(([key, by]) => emitActions(key, by)),
    max_dynamic_descriptors: MOST_CLIENTS,
    always_consume_default_token_bucket: false,
    rate_limited_as_resource_exhausted: true,
  };
  return { [NAME]: typed(TYPE, config) };
}

const MOST_TOKENS = 0xffff_ffff;

/** A virtual host's: none of its rules has a limit, though others of its table have. */
export function emitUnlimited(): Readonly<Record<string, TypedConfig>> {
  return { [NAME]: typed("envoy.config.route.v3.FilterConfig", { disabled: true }) };
}

export function isLimited({ routes }: Pick<VirtualHost, "routes">): boolean {
  return routes.some(({ rateLimit }) => rateLimit !== undefined);
}

/** Each bucket once. */
function limitsOf({ virtualHosts }: RouteTable): readonly RateLimit[] {
  const all = limitsInStretches(virtualHosts).flat();
  return [
    ...new Map(all.map((limit) => [JSON.stringify([bucketKey(limit.by), limit.bucket]), limit])).values(),
  ];
}

const limitsInStretches = perStretch((hosts: readonly VirtualHost[]) =>
  hosts.flatMap(({ routes }) => routes.flatMap(({ rateLimit }) => rateLimit ?? [])),
);

/** For each client one, and by header or claim one for all who do not say who they are. */
function emitDescriptors(limit: RateLimit): LimitDescriptor[] {
  const { bucket, by } = limit;
  const token_bucket: TokenBucket = {
    max_tokens: limit.burst,
    tokens_per_fill: limit.requests,
    fill_interval: duration(limit.periodMs),
  };
  const entry = { key: bucketKey(by), value: bucket };
  switch (by?.kind) {
    case undefined:
      return [{ entries: [entry], token_bucket }];
    case "clientAddress":
      return [{ entries: [entry, { key: "remote_address" }], token_bucket }];
    case "header":
      return [
        { entries: [entry, KNOWN, { key: by.name }], token_bucket },
        { entries: [entry, UNKNOWN], token_bucket },
      ];
    case "claim":
      return [
        { entries: [entry, { key: claimName(by.path) }], token_bucket },
        { entries: [entry], token_bucket },
      ];
  }
}

const KNOWN = { key: "is_known", value: "yes" };
const UNKNOWN = { key: "is_known", value: "no" };

function emitActions(key: string, by: LimitKey | undefined): { readonly actions: readonly Action[] }[] {
  const bucket: Action = {
    metadata: {
      descriptor_key: key,
      metadata_key: { key: METADATA, path: [{ key }] },
      source: "ROUTE_ENTRY",
    },
  };
  switch (by?.kind) {
    case undefined:
      return [{ actions: [bucket] }];
    case "clientAddress":
      return [{ actions: [bucket, { remote_address: {} }] }];
    case "header":
      return [
        {
          actions: [
            bucket,
            isKnown(by.name, true),
            { request_headers: { header_name: by.name, descriptor_key: by.name } },
          ],
        },
        { actions: [bucket, isKnown(by.name, false)] },
      ];
    case "claim":
      return [{ actions: [bucket, claimAction(by.path)] }];
  }
}

/** Of the verified token: a text that is not empty. Anything else is none to Envoy. */
function claimAction(path: readonly string[]): Action {
  return {
    metadata: {
      descriptor_key: claimName(path),
      metadata_key: { key: TOKEN_FILTER, path: [CLAIMS_FIELD, ...path].map((key) => ({ key })) },
      source: "DYNAMIC",
      skip_if_absent: true,
    },
  };
}

/** A long key is no key: Envoy keeps as many as there are clients. */
function isKnown(header: string, expected: boolean): Action {
  const { key, value } = expected ? KNOWN : UNKNOWN;
  return {
    header_value_match: {
      descriptor_key: key,
      descriptor_value: value,
      expect_match: expected,
      // A byte of whatever a client sends.
      headers: [{ name: header, string_match: { safe_regex: { regex: `\\C{0,${LIMIT_KEY_MAX}}` } } }],
    },
  };
}
