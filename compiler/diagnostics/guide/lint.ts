/** What is right and hardly meant, and comments that silence findings. */

import type { Explanations } from "./entry.ts";

export const LINT = {
  SL0801: {
    why: "A prefix is compared by characters, not by path segments: /api also matches /apiary and /api-internal.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /api } }]",
      right: "match: [{ uri: { exact: /api } }, { uri: { prefix: /api/ } }]",
    },
  },
  SL0802: {
    why: 'In an expression, "." stands for any character: /v1.0 also matches /v1x0. Write "\\\\." in double quotes, \\. without.',
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { regex: '/v1.0/.*' } }]",
      right: "match: [{ uri: { regex: '/v1\\.0/.*' } }]",
    },
  },
  SL0803: {
    why: "This is often intended, before or after a roll-out. If forgotten, it is a destination that gets no requests.",
    example: {
      in: "http rule",
      wrong:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 100 }\n- { destination: { host: shop.example, subset: v2 }, weight: 0 }",
      right: "route: [{ destination: { host: shop.example, subset: v1 } }]",
    },
  },
  SL0804: {
    why: "In a rule with several destinations, a missing weight means 0.",
    example: {
      in: "http rule",
      wrong:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 90 }\n- { destination: { host: shop.example, subset: v2 } }",
      right:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 90 }\n- { destination: { host: shop.example, subset: v2 }, weight: 10 }",
    },
  },
  SL0805: {
    why: "The fault's delay comes before the timeout begins, unless sluice.dev/fault-scope is upstream.",
    example: {
      in: "http rule",
      wrong: "timeout: 1s\nfault: { delay: { fixedDelay: 5s } }",
      right: "timeout: 10s\nfault: { delay: { fixedDelay: 5s } }",
    },
  },
  SL0806: {
    why: "The timeout covers all tries together, including the waits between them: later tries are cut off.",
    example: {
      in: "http rule",
      wrong: "timeout: 3s\nretries: { attempts: 3, perTryTimeout: 2s, retryOn: connect-failure }",
      right: "timeout: 10s\nretries: { attempts: 3, perTryTimeout: 2s, retryOn: connect-failure }",
    },
  },
  SL0807: {
    why: "With 5xx, gateway-error or reset, the upstream may have done its work before the try failed.",
    example: {
      in: "http rule",
      wrong: "match: [{ method: { exact: POST } }]\nretries: { attempts: 2, retryOn: 5xx }",
      right: "match: [{ method: { exact: POST } }]\nretries: { attempts: 2, retryOn: connect-failure }",
    },
  },
  SL0808: {
    why: "The rule has no condition on the method. Retries on connect-failure and refused-stream are safe for all methods.",
    example: {
      in: "http rule",
      wrong: "retries: { attempts: 2, retryOn: 5xx }",
      right: "retries: { attempts: 2, retryOn: connect-failure }",
    },
  },
  SL0809: {
    why: "Its policy applies only to requests for the host itself, and its subsets are never used.",
    example: {
      in: "DestinationRule",
      wrong: "host: many.example\nsubsets: [{ name: v1, labels: { version: v1 } }]",
      right: "host: shop.example\ntrafficPolicy: { loadBalancer: { simple: RANDOM } }",
    },
  },
  SL0810: {
    why: "It costs nothing, but may be the one that you meant elsewhere.",
    example: {
      in: "http rule",
      wrong: "route: [{ destination: { host: shop.example, subset: v1 } }]",
      right:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 90 }\n- { destination: { host: shop.example, subset: v2 }, weight: 10 }",
    },
  },
  SL0811: {
    why: "Two conditions on the same value exclude each other, or the text never arrives, such as a path that is not normalised.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { exact: /a/../b } }]",
      right: "match: [{ uri: { exact: /b } }]",
    },
  },
  SL0901: {
    why: "The finding that it silenced no longer exists. Left in place, it would hide the next one.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /api/ } }] # sluice: ignore SL0801 the old clients",
      right: "match: [{ uri: { prefix: /api } }] # sluice: ignore SL0801 the old clients",
    },
  },
  SL0902: {
    why: "Errors must be fixed, and an unknown code silences nothing.",
    example: {
      in: "http rule",
      wrong: "timeout: 5s # sluice: ignore SL0201 later",
      right: "timeout: 5s",
    },
  },
  SL0903: {
    why: "The next reader has to know why it is right to ignore the finding.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /api } }] # sluice: ignore SL0801",
      right: "match: [{ uri: { prefix: /api } }] # sluice: ignore SL0801 the old clients",
    },
  },
} as const satisfies Explanations;
