/**
 * The binary layout of a routing program (a blob): the one place where it is written down. This file is valid
 * as TypeScript (which is told that `u32` is a number) and as AssemblyScript; the encoder and the filter both
 * import it, so neither can drift. The names of headers by which they and Envoy understand each other end it.
 *
 * All numbers are little-endian u32 unless said otherwise, all records are aligned to four bytes.
 *
 *     0 ┌───────────────────────────┐
 *       │ header        HEADER_SIZE │  magic, version, length, checksum, where the rest is
 *       ├───────────────────────────┤  HEADER_RECORDS
 *       │ records                   │  nodes, tables, predicates, outcomes, regex tables; a record refers only
 *       │                           │  to records before it (its children come first), so no cycle can exist
 *       ├───────────────────────────┤  HEADER_ROUTES
 *       │ routes   one u32 a route  │  the outcome record of each route, in the order they are tried
 *       ├───────────────────────────┤  HEADER_NAMES, if rules are counted or named
 *       │ names    one u32 a route  │  the RULE record of each route, 0 where no rule made it
 *       ├───────────────────────────┤  HEADER_STRINGS
 *       │ strings  bytes, pooled    │  referred to as (offset, length), offset counted from HEADER_STRINGS
 *       └───────────────────────────┘  HEADER_LENGTH
 *
 * The checksum covers everything behind itself. A reference to a record is its offset from the start of the
 * blob. A reference to a *node* is a record's offset, or a route's index shifted left by two and tagged with
 * NODE_DIRECT ("this route, nothing left to check"), or NODE_NONE.
 *
 * Every record begins with one word: its kind in the low byte, above it its size in words, this one included.
 *
 * A program travels packed, and is unpacked before it is verified:
 *
 *     0 ┌───────────────────────────┐
 *       │ header        PACKED_SIZE │  another magic; version, length and checksum as above, and the length unpacked
 *       ├───────────────────────────┤  PACKED_SIZE
 *       │ an LZ4 block, padded      │  the program, with *differences* in the place of words that grow evenly
 *       └───────────────────────────┘  HEADER_LENGTH
 *
 * Differences: a word of a record, but for its first, is less by the same word of the record of its kind before it,
 * if that has one; an entry of a table by the entry before it; a route, and a name, by the one before it. Tables of
 * expressions (REGEX) stay as they are. So rules that are alike become bytes that repeat. What packing makes no smaller travels
 * as it is.
 */

/** "SLUC". */
export const MAGIC: u32 = 0x43554c53;
/** "SLUP": what follows is packed. */
export const PACKED_MAGIC: u32 = 0x50554c53;
/** Raised with every change of the layout, of its meaning, or of how it is packed. */
export const FORMAT_VERSION: u32 = 8;

// Header; the first four words are those of a packed program, too.
export const HEADER_MAGIC: u32 = 0;
export const HEADER_VERSION: u32 = 4;
export const HEADER_LENGTH: u32 = 8;
export const HEADER_CHECKSUM: u32 = 12;
export const HEADER_FLAGS: u32 = 16;
export const HEADER_RECORDS: u32 = 20;
export const HEADER_ROUTES: u32 = 24;
export const HEADER_STRINGS: u32 = 28;
/** ATTRIBUTES record. */
export const HEADER_ATTRIBUTES: u32 = 32;
/** NODE_TABLE record: exact domain → root node. 0: none. */
export const HEADER_DOMAINS: u32 = 36;
/** NODE_TABLE record: the part of a wildcard domain after `*` → root node, hashed from its end. 0: none. */
export const HEADER_SUFFIXES: u32 = 40;
/** Root node of the domain `*`. */
export const HEADER_DEFAULT_NODE: u32 = 44;
/** Number of routes. */
export const HEADER_ROUTE_COUNT: u32 = 48;
/** Number of virtual hosts; for people, not for the filter. */
export const HEADER_HOST_COUNT: u32 = 52;
/** The RULE records of routes; 0: rules are neither counted nor named. */
export const HEADER_NAMES: u32 = 56;
/** The label of the listener: a string. */
export const HEADER_LISTENER: u32 = 60;
export const HEADER_LISTENER_LENGTH: u32 = 64;
export const HEADER_SIZE: u32 = 68;

/** Bytes of the program that is packed. */
export const PACKED_UNPACKED: u32 = 16;
export const PACKED_SIZE: u32 = 20;
/** No program is larger unpacked, and no byte of a packed one stands for more than LZ4 can say with it. */
export const PROGRAM_SIZE_MAX: u32 = 0x10000000;
export const LZ4_EXPANSION_MAX: u32 = 255;

/** The authority is compared without its port. */
export const FLAG_IGNORE_PORT: u32 = 1;
/** Some wildcard domain does not continue with a dot, so suffixes are looked up at every byte. */
export const FLAG_UNALIGNED_SUFFIXES: u32 = 2;
/** gRPC-Web becomes gRPC before Envoy's router has it. */
export const FLAG_GRPC_WEB: u32 = 4;
/** What becomes of requests is counted, under the names of their rules. */
export const FLAG_COUNTERS: u32 = 8;
/** Access logs, traces or samples ask which rule a request took. */
export const FLAG_NAMES: u32 = 16;
/** Upstreams are not told of the path and the host that a rewrite has replaced. */
export const FLAG_HIDES_REPLACED: u32 = 32;
export const FLAGS_KNOWN: u32 = 63;

// References to nodes.
export const NODE_NONE: u32 = 0;
export const NODE_TAG_MASK: u32 = 3;
export const NODE_DIRECT: u32 = 1;
export const NODE_SHIFT: u32 = 2;
/** "No route": larger than every index. */
export const ROUTE_NONE: u32 = 0x3fffffff;
/** "No destination": what a decision has that drew none. */
export const DESTINATION_NONE: u32 = 0xffffffff;

// Records: word 0 is kind | words << RECORD_SIZE_SHIFT.
export const RECORD_KIND_MASK: u32 = 0xff;
export const RECORD_SIZE_SHIFT: u32 = 8;

/**
 * Candidates in order, each with what is left to check; the first whose predicates hold is the answer.
 *
 *     LEAF   min | (route, PREDICATES or 0) × n
 */
export const KIND_LEAF: u32 = 1;
/** The smallest route below a node, the same place in every kind of node. */
export const NODE_MIN: u32 = 4;
export const LEAF_ENTRIES: u32 = 8;
export const LEAF_ENTRY_SIZE: u32 = 8;

/**
 * Looks at one attribute. Several parts can have a match; the smallest route wins.
 *
 *     SWITCH   min | attribute | rest | exact | prefixes | regexes | present
 */
export const KIND_SWITCH: u32 = 2;
export const SWITCH_ATTRIBUTE: u32 = 8;
/** Node with the routes that do not look at this attribute. */
export const SWITCH_REST: u32 = 12;
/** NODE_TABLE or 0. */
export const SWITCH_EXACT: u32 = 16;
/** TRIE or 0. */
export const SWITCH_PREFIXES: u32 = 20;
/** REGEX_SET or 0. */
export const SWITCH_REGEXES: u32 = 24;
/** Node for any value at all. */
export const SWITCH_PRESENT: u32 = 28;
export const SWITCH_SIZE: u32 = 32;

/**
 * Strings to nodes (NODE_TABLE) or to attributes (ATTRIBUTE_TABLE): a hash table in two arrays. The entries of
 * bucket b are those from starts[b] to starts[b + 1].
 *
 *     TABLE   count | mask | starts × (mask + 2) | (hash, string offset, string length, value) × count
 *
 * Starts and hashes are room for the filter, and 0 in a blob, where entries have the order of the rules: the filter
 * puts them into their buckets when it takes a program. So they need not travel, and the compiler hashes nothing.
 */
export const KIND_NODE_TABLE: u32 = 3;
export const KIND_ATTRIBUTE_TABLE: u32 = 4;
export const TABLE_COUNT: u32 = 4;
export const TABLE_MASK: u32 = 8;
export const TABLE_STARTS: u32 = 12;
export const TABLE_ENTRY_SIZE: u32 = 16;
export const ENTRY_HASH: u32 = 0;
export const ENTRY_STRING: u32 = 4;
export const ENTRY_LENGTH: u32 = 8;
export const ENTRY_VALUE: u32 = 12;

/**
 * What requests are compared by. 0 and 1 are always the path as it is and in lower case; then headers, then
 * query parameters, then claims of a token, each reached through a table of names. A claim inside of another has the
 * names of both, from the outside in, with a NUL between them; the outer one is in the table as well.
 *
 *     ATTRIBUTES   headers: ATTRIBUTE_TABLE or 0 | query: ATTRIBUTE_TABLE or 0 | count | first query parameter
 *                  | header name lengths (u64) | claims: ATTRIBUTE_TABLE or 0 | first claim
 */
export const KIND_ATTRIBUTES: u32 = 5;
export const ATTRIBUTES_HEADERS: u32 = 4;
export const ATTRIBUTES_QUERY: u32 = 8;
/** All attributes, the two for the path included. */
export const ATTRIBUTES_COUNT: u32 = 12;
export const ATTRIBUTES_FIRST_QUERY: u32 = 16;
/** Bit n is set when some header name has length n (63: or more); saves hashing names that no rule asks for. */
export const ATTRIBUTES_LENGTHS: u32 = 20;
export const ATTRIBUTES_CLAIMS: u32 = 28;
export const ATTRIBUTES_FIRST_CLAIM: u32 = 32;
export const ATTRIBUTES_SIZE: u32 = 36;
export const ATTRIBUTE_PATH: u32 = 0;
export const ATTRIBUTE_PATH_LOWER: u32 = 1;
export const ATTRIBUTE_FIRST_NAMED: u32 = 2;

/**
 * Predicates that must all hold.
 *
 *     PREDICATES   (type | attribute << 8, operand, length) × n
 *
 * The operand is a string (exact, prefix) or a REGEX record.
 */
export const KIND_PREDICATES: u32 = 6;
export const PREDICATES_ENTRIES: u32 = 4;
export const PREDICATE_SIZE: u32 = 12;
export const PREDICATE_OPERAND: u32 = 4;
export const PREDICATE_LENGTH: u32 = 8;
export const PREDICATE_TYPE_MASK: u32 = 0x0f;
export const PREDICATE_EXACT: u32 = 0;
export const PREDICATE_PREFIX: u32 = 1;
export const PREDICATE_REGEX: u32 = 2;
export const PREDICATE_PRESENT: u32 = 3;
export const PREDICATE_INVERT: u32 = 0x10;
export const PREDICATE_MISSING_AS_EMPTY: u32 = 0x20;
export const PREDICATE_ATTRIBUTE_SHIFT: u32 = 8;

/**
 * The table of one expression, made and read by the regex engine.
 *
 *     REGEX   byte length | table, padded to words
 */
export const KIND_REGEX: u32 = 7;
export const REGEX_LENGTH: u32 = 4;
export const REGEX_TABLE: u32 = 8;

/**
 * Headers that go with an outcome, as they are.
 *
 *     HEADERS   (name offset, name length, value offset, value length) × n
 */
export const KIND_HEADERS: u32 = 8;
export const HEADERS_ENTRIES: u32 = 4;
export const HEADERS_ENTRY_SIZE: u32 = 16;

/**
 * Forward to one of several clusters. A share is the part of the total up to its cumulative weight. It can have
 * headers and edits of its own, which come before the route's, and lines of its own for an answer in place of it.
 *
 *     FORWARD   FAULT, LIMIT or 0 | HEADERS or 0 | EDITS or 0 | timeout (u64) | STICKY or 0 | total (u64)
 *               | (cumulative weight (u64), string offset, length, HEADERS or 0, LINES or 0, EDITS or 0, LABEL or 0) × n
 */
export const KIND_FORWARD: u32 = 9;
/** What comes before it: a FAULT, or a LIMIT that may have one behind it. The same place in every kind of outcome. */
export const OUTCOME_BEFORE: u32 = 4;
export const FORWARD_HEADERS: u32 = 8;
export const FORWARD_EDITS: u32 = 12;
/** Milliseconds (u64); 0: the rule has none. */
export const FORWARD_TIMEOUT: u32 = 16;
export const FORWARD_STICKY: u32 = 24;
export const FORWARD_TOTAL: u32 = 28;
export const FORWARD_SHARES: u32 = 36;
export const SHARE_SIZE: u32 = 32;
export const SHARE_CUMULATIVE: u32 = 0;
export const SHARE_STRING: u32 = 8;
export const SHARE_LENGTH: u32 = 12;
export const SHARE_HEADERS: u32 = 16;
export const SHARE_LINES: u32 = 20;
export const SHARE_EDITS: u32 = 24;
/** What the cluster is counted as, where that is not its name. */
export const SHARE_LABEL: u32 = 28;

/** FORWARD_ONE   FAULT, LIMIT or 0 | HEADERS or 0 | EDITS or 0 | timeout (u64) | cluster offset | length | LABEL, 0 or an answer */
export const KIND_FORWARD_ONE: u32 = 10;
export const FORWARD_ONE_STRING: u32 = 24;
export const FORWARD_ONE_LENGTH: u32 = 28;
/** What it is counted as: its cluster, whose label is its name or a LABEL; or an answer, which a route of Envoy's gives. */
export const FORWARD_ONE_LABEL: u32 = 32;
export const FORWARD_ONE_SIZE: u32 = 36;
export const COUNTED_REDIRECT: u32 = 1;
export const COUNTED_DIRECT: u32 = 2;

/** RESPONSE   FAULT, LIMIT or 0 | status | body offset | length | LINES or 0 */
export const KIND_RESPONSE: u32 = 11;
export const RESPONSE_STATUS: u32 = 8;
export const RESPONSE_BODY: u32 = 12;
export const RESPONSE_BODY_LENGTH: u32 = 16;
export const RESPONSE_LINES: u32 = 20;
export const RESPONSE_SIZE: u32 = 24;

/** FAULT   delay in ms | delay parts per million | abort kind | status | parts per million | LINES or 0 */
export const KIND_FAULT: u32 = 12;
export const FAULT_DELAY_MS: u32 = 4;
export const FAULT_DELAY_PPM: u32 = 8;
export const FAULT_ABORT_KIND: u32 = 12;
export const FAULT_ABORT_STATUS: u32 = 16;
export const FAULT_ABORT_PPM: u32 = 20;
export const FAULT_ABORT_LINES: u32 = 24;
export const FAULT_SIZE: u32 = 28;
export const ABORT_NONE: u32 = 0;
export const ABORT_HTTP: u32 = 1;
export const ABORT_GRPC: u32 = 2;

/**
 * A bucket of tokens, each of which comes back some time after the one before it. One that is full is ahead by as much as its
 * tokens but for one take to come back. Several lists of lines are those of the outcome's shares.
 *
 *     LIMIT   FAULT or 0 | time of a token in ns (u64) | how far ahead it may be in ns (u64) | what tells clients apart
 *             | attribute of the header or claim | bucket offset | length | (LINES) × 1 or shares
 */
export const KIND_LIMIT: u32 = 28;
export const LIMIT_FAULT: u32 = 4;
export const LIMIT_TOKEN: u32 = 8;
export const LIMIT_AHEAD: u32 = 16;
export const LIMIT_BY: u32 = 24;
export const LIMIT_ATTRIBUTE: u32 = 28;
export const LIMIT_BUCKET: u32 = 32;
export const LIMIT_BUCKET_LENGTH: u32 = 36;
export const LIMIT_LINES: u32 = 40;
export const LIMIT_BY_NOTHING: u32 = 0;
export const LIMIT_BY_ADDRESS: u32 = 1;
export const LIMIT_BY_HEADER: u32 = 2;
export const LIMIT_BY_CLAIM: u32 = 3;
/** Of the name of a bucket. */
export const LIMIT_BUCKET_LENGTH_MAX: u32 = 32;
/** The upper half of neither time is more: it is an hour for each of a million tokens. */
export const LIMIT_TIME_HIGH_MAX: u32 = 838860800;
/** Clients of a limit stand in sets of so many, in one of which each has its place: together they are `MOST_CLIENTS` of the IR. */
export const LIMIT_SETS: u32 = 2048;
export const LIMIT_WAYS: u32 = 8;
/** A longer header tells nobody apart: so Envoy, which keeps keys as they are, has only short ones to keep. */
export const LIMIT_KEY_MAX: u32 = 256;

/**
 * A node of a radix tree of prefixes. Children are told apart by the first byte of their label: a sorted list
 * of bytes while there are few, else a bitmap of 256 bits whose rank is the child's index.
 *
 *     TRIE   label offset | length | node | parent | chain min | child count | bytes or bitmap | children × count
 *
 * A node of the tree where a prefix ends has a routing node; `parent` is then the nearest one above it where
 * one ends whose routes are not repeated here, and `chain min` the smallest route from there upwards. A parent
 * is the only reference to a record further on.
 */
export const KIND_TRIE: u32 = 13;
export const TRIE_LABEL: u32 = 4;
export const TRIE_LABEL_LENGTH: u32 = 8;
export const TRIE_NODE: u32 = 12;
export const TRIE_PARENT: u32 = 16;
export const TRIE_CHAIN_MIN: u32 = 20;
export const TRIE_CHILD_COUNT: u32 = 24;
export const TRIE_KEYS: u32 = 28;
/** Up to so many children are found in a list. */
export const TRIE_LIST_MAX: u32 = 8;
export const TRIE_BITMAP_SIZE: u32 = 32;

/**
 * For candidates that no attribute tells apart: the candidates that are still possible, as bits. Each attribute
 * contributes a row of bits (one for candidates that do not mind, or whose predicate holds), and the rows are
 * combined by and; the first bit that is left is the answer, if its remaining predicates hold.
 *
 *     BITS   min | count | attributes | (route, PREDICATES or 0) × count
 *            | (attribute, LIST_TABLE or 0, LIST_TRIE or 0, LIST_REGEX_SET or 0, row if present, row if missing) × attributes
 *
 * A row is a word for every 32 candidates. The lists of the values that a request has change the row for
 * "present": they set bits, or clear them for inverted predicates.
 */
export const KIND_BITS: u32 = 14;
export const BITS_COUNT: u32 = 8;
export const BITS_ATTRIBUTES: u32 = 12;
export const BITS_CANDIDATES: u32 = 16;
/** Of the part of an attribute, rows follow. */
export const BITS_ATTRIBUTE: u32 = 0;
export const BITS_EXACT: u32 = 4;
export const BITS_PREFIXES: u32 = 8;
export const BITS_REGEXES: u32 = 12;
export const BITS_ROWS: u32 = 16;

/** LIST   (candidate's position, or with LIST_CLEAR) × n */
export const KIND_LIST: u32 = 15;
export const LIST_ENTRIES: u32 = 4;
export const LIST_CLEAR: u32 = 0x80000000;
/** Like NODE_TABLE and TRIE, with LIST records in place of nodes. */
export const KIND_LIST_TABLE: u32 = 16;
export const KIND_LIST_TRIE: u32 = 17;

/**
 * For candidates that each ask for a header or query parameter of their own: goes over what the request has, not
 * over what rules ask for. Sorted by attribute.
 *
 *     FAN   min | rest | whether query parameters are among them | (attribute, node) × n
 */
export const KIND_FAN: u32 = 18;
export const FAN_REST: u32 = 8;
export const FAN_QUERY: u32 = 12;
export const FAN_ENTRIES: u32 = 16;
export const FAN_ENTRY_SIZE: u32 = 8;

/**
 * Several expressions in one table. Each set of expressions that can match together has its word: a node, or in
 * a LIST_REGEX_SET a LIST. What did not fit into one table goes on in the next. Where the table is of literals, each of
 * its targets has a word, which can also be a set of its own kind: one that is asked only of texts with the literal.
 *
 *     REGEX_SET   REGEX | next REGEX_SET or 0 | word × accept sets or targets
 */
export const KIND_REGEX_SET: u32 = 19;
export const KIND_LIST_REGEX_SET: u32 = 20;
export const REGEX_SET_TABLE: u32 = 4;
export const REGEX_SET_NEXT: u32 = 8;
export const REGEX_SET_WORDS: u32 = 12;

/** Several nodes, in order of their smallest route:   EACH   min | node × n */
export const KIND_EACH: u32 = 21;
export const EACH_NODES: u32 = 8;

/**
 * Header lines of an answer of our own, in the form in which the host takes them.
 *
 *     LINES   byte length | count | (name length, value length) × count | (name, 0, value, 0) × count, padded to words
 */
export const KIND_LINES: u32 = 22;
export const LINES_LENGTH: u32 = 4;
export const LINES_TEXT: u32 = 8;

/**
 * What is changed in a request that goes on, in order.
 *
 *     EDITS   (edit, name offset, name length, value offset, value length) × n
 *
 * The host's name is the host that it took the place of, when that is not the request's. The path has no name; where
 * its start is replaced, the name's length is that of the start.
 */
export const KIND_EDITS: u32 = 23;
export const EDITS_ENTRIES: u32 = 4;
export const EDITS_ENTRY_SIZE: u32 = 20;
export const EDIT_REMOVE: u32 = 0;
export const EDIT_SET: u32 = 1;
export const EDIT_ADD: u32 = 2;
export const EDIT_HOST: u32 = 3;
export const EDIT_PATH_START: u32 = 4;
/** The whole path, but for its query. */
export const EDIT_PATH: u32 = 5;

/**
 * Answer with a location: the request's own URL, but for what is given; a length of 0 is not given. The port has its colon. With
 * the status goes whether the request's own port stays even where it is the default of a scheme that is left, and whether
 * it is counted as an answer of another kind, which only has a location.
 *
 *     REDIRECT   FAULT, LIMIT or 0 | status | scheme offset | length | host offset | length | port offset | length
 *                | what of the path | length of its start | path offset | length | LINES or 0
 *                | body offset | length
 */
export const KIND_REDIRECT: u32 = 24;
export const REDIRECT_STATUS: u32 = 8;
export const REDIRECT_STATUS_MASK: u32 = 0xffff;
export const REDIRECT_KEEPS_PORT: u32 = 0x10000;
export const REDIRECT_IS_DIRECT: u32 = 0x20000;
export const REDIRECT_SCHEME: u32 = 12;
export const REDIRECT_SCHEME_LENGTH: u32 = 16;
export const REDIRECT_HOST: u32 = 20;
export const REDIRECT_HOST_LENGTH: u32 = 24;
export const REDIRECT_PORT: u32 = 28;
export const REDIRECT_PORT_LENGTH: u32 = 32;
export const REDIRECT_PATH_KIND: u32 = 36;
export const REDIRECT_MATCHED: u32 = 40;
export const REDIRECT_PATH: u32 = 44;
export const REDIRECT_PATH_LENGTH: u32 = 48;
export const REDIRECT_LINES: u32 = 52;
export const REDIRECT_BODY: u32 = 56;
export const REDIRECT_BODY_LENGTH: u32 = 60;
export const REDIRECT_SIZE: u32 = 64;
// What is replaced: nothing, the path and its query, the start of the path, the path without its query.
export const REDIRECT_TO_KEPT: u32 = 0;
export const REDIRECT_TO_WHOLE: u32 = 1;
export const REDIRECT_TO_START: u32 = 2;
export const REDIRECT_TO_PATH: u32 = 3;

/**
 * What a split is a function of, in place of the dice. The name is that of a cookie. Each share has a key: the
 * 64-bit hash of its destination.
 *
 *     STICKY   source | attribute of the header | name offset | length | key (u64) × shares
 */
export const KIND_STICKY: u32 = 25;
export const STICKY_SOURCE: u32 = 4;
export const STICKY_ATTRIBUTE: u32 = 8;
export const STICKY_NAME: u32 = 12;
export const STICKY_NAME_LENGTH: u32 = 16;
export const STICKY_KEYS: u32 = 20;
export const STICKY_BY_HEADER: u32 = 0;
export const STICKY_BY_COOKIE: u32 = 1;
export const STICKY_BY_ADDRESS: u32 = 2;

/**
 * What a rule, or one of its matches, is called in statistics, logs and traces: `rule`, or `rule.match`.
 *
 *     RULE   string offset | length | length of the rule's own part
 */
export const KIND_RULE: u32 = 26;
export const RULE_STRING: u32 = 4;
export const RULE_LENGTH: u32 = 8;
export const RULE_OWN_LENGTH: u32 = 12;
export const RULE_SIZE: u32 = 16;

/** LABEL   string offset | length */
export const KIND_LABEL: u32 = 27;
export const LABEL_STRING: u32 = 4;
export const LABEL_LENGTH: u32 = 8;
export const LABEL_SIZE: u32 = 12;
/** Of the listener, of a rule, of a match, of a cluster. */
export const LABEL_LENGTH_MAX: u32 = 200;

/** The hash of strings in tables, which the filter alone computes, and the checksum. */
export const HASH_SEED: u32 = 0x2c1b3c6d;
export const HASH_PRIME: u32 = 0x297a2d39;
export const CHECKSUM_SEED: u32 = 0x51ed270b;

/*
 * Headers that the filter writes or drops by name. What only the compiler names is in `compiler/back/envoy-headers.ts`:
 * texts that stand here are in the module.
 */
/** How the names begin that tell Envoy's routes of a decision. A client that sends one is not heard. */
export const OUR_PREFIX: string = "x-sluice-";
export const CLUSTER_HEADER: string = "x-sluice-cluster";
export const CLASS_HEADER: string = "x-sluice-class";
/** How the names of Envoy's own headers begin. */
export const ENVOY_PREFIX: string = "x-envoy-";
/** What an upstream is told of that the host and the path took the place of. */
export const ORIGINAL_HOST_HEADER: string = "x-envoy-original-host";
export const ORIGINAL_PATH_HEADER: string = "x-envoy-original-path";
/** The filter that verifies tokens, and the field of its metadata that has their claims. */
export const TOKEN_FILTER: string = "envoy.filters.http.jwt_authn";
export const CLAIMS_FIELD: string = "payload";
/** How long Envoy's router gives a request. */
export const TIMEOUT_HEADER: string = "x-envoy-upstream-rq-timeout-ms";

/** What is known of a request's stream, beside its headers: what Envoy's formatters find under `wasm.` and this name. */
export const RULE_PROPERTY: string = "sluice.rule";
/** Only of a rule that has several. */
export const MATCH_PROPERTY: string = "sluice.match";
export const FAULT_PROPERTY: string = "sluice.fault";
