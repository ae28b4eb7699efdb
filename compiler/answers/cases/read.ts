/** Case files to cases. What is wrong in one is said as it is said of rules, with file, line and column. */

import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import { parseRateLimits } from "../../front/resources/rate-limits.ts";
import type { ShapeOf } from "../../front/resources/schema/build.ts";
import { checkSchema } from "../../front/resources/schema/check.ts";
import type { Listener } from "../../ir/ir.ts";
import { describeRateLimit } from "../../ir/rate-limit.ts";
import type { ProxyOptions } from "../../options.ts";
import type { FieldPath } from "../../source/field-path.ts";
import { parseDocuments, type SourceDocument } from "../../source/parse.ts";
import {
  type AskedRequest,
  checkHeader,
  isClientAddress,
  makeRequest,
  parseRequestLine,
  RequestError,
} from "../request/asked.ts";
import type { Case, Check, Expectation } from "./case.ts";
import { caseSchema } from "./case-schema.ts";
import { expectationByFullName, sharesByFullName } from "./full-names.ts";

export interface CaseContext {
  readonly listeners: readonly Listener[];
  /** Where a check is asked that names no listener. */
  readonly listenerFor: (asked: AskedRequest) => string | undefined;
  readonly proxy: Pick<ProxyOptions, "proxyNamespace" | "domainSuffix">;
}

/** With shares and no number of its own. */
const TIMES_FOR_SHARES = 1000;

export function readCases(file: SourceFile, context: CaseContext, sink: DiagnosticSink): Case[] {
  return parseDocuments(file, sink).flatMap((document) => {
    if (!checkSchema(caseSchema, "the case", document.value, document, [], sink)) {
      return [];
    }
    const fields = document.value as CaseFields;
    const checks = fields.checks.flatMap((check, i) =>
      readCheck(check, fields.at, document, ["checks", i], context, sink),
    );
    return [
      {
        name: fields.name,
        ...(fields.why !== undefined && { why: fields.why }),
        ...(fields.limits && { limits: true as const }),
        checks,
      },
    ];
  });
}

/** As the schema has let it through. */
type CaseFields = ShapeOf<typeof caseSchema>;
type CheckFields = CaseFields["checks"][number];

function readCheck(
  fields: CheckFields,
  defaultAt: string | undefined,
  document: SourceDocument,
  path: FieldPath,
  context: CaseContext,
  sink: DiagnosticSink,
): Check[] {
  const { ask, body, http, headers = {}, shares, from, jwt, claims } = fields;
  const fail = (
    code: "SL0701" | "SL0702" | "SL0703",
    field: readonly string[],
    message: string,
    help?: string,
  ) => {
    const span = document.spanOf([...path, ...field]);
    sink.report({ code, level: "error", message, span, ...(help !== undefined && { help }) });
    return [];
  };
  if (from !== undefined && !isClientAddress(from)) {
    return fail("SL0701", ["from"], `"${from}" is not a valid address of a client; write it without a port`);
  }
  let asked: Check["asked"];
  try {
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().map((line) => checkHeader(name, line)),
    );
    asked = makeRequest(parseRequestLine(ask), lines, {
      protocol: http === undefined ? undefined : http === "2" ? "HTTP/2" : "HTTP/1.1",
      ...(body !== undefined && { body }),
      ...(from !== undefined && { from }),
      ...(jwt !== undefined && { jwt }),
      ...(claims !== undefined && { claims }),
    });
  } catch (error) {
    if (error instanceof RequestError) {
      return fail("SL0701", ["ask"], error.message);
    }
    throw error;
  }
  const at = fields.at ?? defaultAt ?? context.listenerFor(asked);
  const names = context.listeners.map(({ name }) => name);
  if (at === undefined || !names.includes(at)) {
    const near = at === undefined ? undefined : nearest(at, names);
    return fail(
      "SL0702",
      fields.at === undefined ? ["ask"] : ["at"],
      at === undefined ? "the rules create no HTTP listener" : `unknown listener "${at}"`,
      near !== undefined ? `Did you mean ${near}?` : `Known listeners: ${names.join(", ") || "none"}.`,
    );
  }
  const limit = readLimit(fields.expect?.rateLimit);
  if (limit === undefined) {
    const wrong = `"${fields.expect!.rateLimit}" is not a rate limit`;
    return fail(
      "SL0703",
      ["expect", "rateLimit"],
      wrong,
      'Write "100/s burst 50" or "10/s by client-address".',
    );
  }
  const expect = { ...fields.expect, ...limit };
  const contradiction = contradictionIn(expect);
  if (contradiction !== undefined) {
    return fail("SL0703", ["expect"], contradiction);
  }
  if (fields.expect === undefined && shares === undefined) {
    return fail("SL0703", [], "the check expects nothing", "Add expect or shares.");
  }
  return [
    {
      asked,
      ask,
      at,
      times: fields.times ?? (shares ? TIMES_FOR_SHARES : 1),
      expect: expectationByFullName<Expectation>(expect, context.proxy),
      ...(shares && { shares: sharesByFullName(shares, context.proxy) }),
      span: document.spanOf([...path, "ask"]),
    },
  ];
}

/** As an observation has it; undefined when it is none. */
function readLimit(text: string | null | undefined): Pick<Expectation, "rateLimit"> | undefined {
  if (text === undefined || text === null) {
    return text === undefined ? {} : { rateLimit: null };
  }
  const written = parseRateLimits(text);
  return "wrong" in written || written.limits.length > 1 || written.limits[0]!.rule !== undefined
    ? undefined
    : { rateLimit: describeRateLimit(written.limits[0]!) };
}

function contradictionIn({ cluster, status, body, ...rest }: Expectation): string | undefined {
  const atUpstream = (["path", "host", "method", "headers"] as const).filter(
    (field) => rest[field] !== undefined,
  );
  if (cluster === "none" && atUpstream.length > 0) {
    return `cluster none means that no upstream gets the request, which contradicts ${atUpstream.join(", ")}`;
  }
  if (cluster !== undefined && cluster !== "none") {
    if (body !== undefined) {
      return "the body of the response comes from the upstream, which the rules do not decide";
    }
    if (status !== undefined && status !== 200) {
      return `a stand-in upstream always answers 200, not ${status}; for a response from the proxy itself, expect cluster: none`;
    }
  }
  return undefined;
}
