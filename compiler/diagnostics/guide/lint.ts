/** What is right and hardly meant, and comments that silence findings. */

import type { Explanations } from "./entry.ts";

export const LINT = {
  SL0801: {
    why: "A prefix is compared by characters, not by parts of a path: /api takes /apiary and /api-internal.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /api } }]",
      right: "match: [{ uri: { exact: /api } }, { uri: { prefix: /api/ } }]",
    },
  },
  SL0802: {
    why: 'In an expression "." is any character: /v1.0 takes /v1x0. Write "\\\\." in double quotes, \\. without.',
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { regex: '/v1.0/.*' } }]",
      right: "match: [{ uri: { regex: '/v1\\.0/.*' } }]",
    },
  },
  SL0803: {
    why: "Often meant, before or after a version is rolled out; forgotten, it is a destination without requests.",
    example: {
      in: "http rule",
      wrong:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 100 }\n- { destination: { host: shop.example, subset: v2 }, weight: 0 }",
      right: "route: [{ destination: { host: shop.example, subset: v1 } }]",
    },
  },
  SL0804: {
    why: "A weight that is not written is 0 where a rule has several destinations.",
    example: {
      in: "http rule",
      wrong:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 90 }\n- { destination: { host: shop.example, subset: v2 } }",
      right:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 90 }\n- { destination: { host: shop.example, subset: v2 }, weight: 10 }",
    },
  },
  SL0805: {
    why: "The fault's delay comes before the timeout begins unless sluice.dev/fault-scope is upstream.",
    example: {
      in: "http rule",
      wrong: "timeout: 1s\nfault: { delay: { fixedDelay: 5s } }",
      right: "timeout: 10s\nfault: { delay: { fixedDelay: 5s } }",
    },
  },
  SL0806: {
    why: "The timeout is for all tries together, waiting between them included: later tries are cut off.",
    example: {
      in: "http rule",
      wrong: "timeout: 3s\nretries: { attempts: 3, perTryTimeout: 2s, retryOn: connect-failure }",
      right: "timeout: 10s\nretries: { attempts: 3, perTryTimeout: 2s, retryOn: connect-failure }",
    },
  },
  SL0807: {
    why: "With 5xx, gateway-error or reset the upstream may have done its work before the try failed.",
    example: {
      in: "http rule",
      wrong: "match: [{ method: { exact: POST } }]\nretries: { attempts: 2, retryOn: 5xx }",
      right: "match: [{ method: { exact: POST } }]\nretries: { attempts: 2, retryOn: connect-failure }",
    },
  },
  SL0808: {
    why: "The rule has no condition on the method. Retries on connect-failure and refused-stream are safe for all.",
    example: {
      in: "http rule",
      wrong: "retries: { attempts: 2, retryOn: 5xx }",
      right: "retries: { attempts: 2, retryOn: connect-failure }",
    },
  },
  SL0809: {
    why: "Its policy holds only for requests to the host itself, and its subsets are never used.",
    example: {
      in: "DestinationRule",
      wrong: "host: many.example\nsubsets: [{ name: v1, labels: { version: v1 } }]",
      right: "host: shop.example\ntrafficPolicy: { loadBalancer: { simple: RANDOM } }",
    },
  },
  SL0810: {
    why: "It costs nothing, and may be the one that was meant elsewhere.",
    example: {
      in: "http rule",
      wrong: "route: [{ destination: { host: shop.example, subset: v1 } }]",
      right:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 90 }\n- { destination: { host: shop.example, subset: v2 }, weight: 10 }",
    },
  },
  SL0811: {
    why: "Two conditions on one thing that exclude each other, or a text that never arrives, such as an unnormalised path.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { exact: /a/../b } }]",
      right: "match: [{ uri: { exact: /b } }]",
    },
  },
  SL0901: {
    why: "What it was for is gone. Left in place it would hide what comes next.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /api/ } }] # sluice: ignore SL0801 the old clients",
      right: "match: [{ uri: { prefix: /api } }] # sluice: ignore SL0801 the old clients",
    },
  },
  SL0902: {
    why: "An error has to be put right; and a code that does not exist silences nothing.",
    example: {
      in: "http rule",
      wrong: "timeout: 5s # sluice: ignore SL0201 later",
      right: "timeout: 5s",
    },
  },
  SL0903: {
    why: "Whoever comes next has to know why it was right to look away.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /api } }] # sluice: ignore SL0801",
      right: "match: [{ uri: { prefix: /api } }] # sluice: ignore SL0801 the old clients",
    },
  },
} as const satisfies Explanations;
