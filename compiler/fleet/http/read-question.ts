/** A request to the endpoint that it is for, with parameters and body of the shapes that are described. What differs is refused. */

import { Ajv, type ValidateFunction } from "ajv";
import { nearest } from "../../diagnostics/nearest.ts";
import type { Schema } from "../../front/resources/schema/build.ts";
import { HttpError } from "../../http/http-error.ts";
import type { Endpoint, Parameter, Question } from "./endpoint.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { SCHEMAS } from "./schemas.ts";

export interface FoundEndpoint {
  readonly endpoint: Endpoint;
  readonly path: Readonly<Record<string, string>>;
}

/** Throws an `HttpError` for what is not served. HEAD is a GET whose answer has no body. */
export function findEndpoint(method: string, pathname: string): FoundEndpoint {
  const matching = ENDPOINTS.flatMap((endpoint) => {
    const path = pathParameters(endpoint.path, pathname);
    return path === undefined ? [] : [{ endpoint, path }];
  });
  if (matching.length === 0) {
    const near = nearest(
      pathname,
      ENDPOINTS.map(({ path }) => path),
    );
    const hint = near === undefined ? "GET /v1/openapi.json lists them" : `did you mean ${near}?`;
    throw new HttpError(404, `no such path; ${hint}`);
  }
  const wanted = method === "HEAD" ? "GET" : method;
  const found = matching.find(({ endpoint }) => endpoint.method === wanted);
  if (found === undefined) {
    const allowed = matching.map(({ endpoint }) => endpoint.method);
    throw new HttpError(405, `${pathname} takes ${allowed.join(" and ")}`, { allow: allowed.join(", ") });
  }
  return found;
}

function pathParameters(template: string, pathname: string): Record<string, string> | undefined {
  const wanted = template.split("/");
  const given = pathname.split("/");
  if (wanted.length !== given.length) {
    return undefined;
  }
  const values: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const [, name] = /^\{(\w+)\}$/.exec(part) ?? [];
    if (name === undefined) {
      if (part !== given[i]) {
        return undefined;
      }
    } else if (given[i] === "") {
      return undefined;
    } else {
      try {
        values[name] = decodeURIComponent(given[i]!);
      } catch {
        throw new HttpError(400, `${JSON.stringify(given[i])} is not valid in a path`);
      }
    }
  }
  return values;
}

/** The parameters behind the path. Throws an `HttpError` for one that is unknown, missing, given twice or not valid. */
export function readQuery(
  { path, parameters = [] }: Endpoint,
  search: URLSearchParams,
): Pick<Question, "query" | "lists"> {
  const known = parameters.filter((one) => one.in === "query");
  const query: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  for (const [name, value] of search) {
    const parameter = known.find((one) => one.name === name);
    if (parameter === undefined) {
      const names = known.map((one) => one.name);
      throw new HttpError(
        400,
        `${path} has no parameter ${JSON.stringify(name)}; ${names.length === 0 ? "it takes none" : `use ${names.join(", ")}`}`,
      );
    }
    check(parameter, value);
    if (parameter.repeats) {
      lists[name] = [...(lists[name] ?? []), value];
    } else if (query[name] === undefined) {
      query[name] = value;
    } else {
      throw new HttpError(400, `the parameter ${name} is given twice`);
    }
  }
  const missing = known.find(({ name, required }) => required && query[name] === undefined);
  if (missing !== undefined) {
    throw new HttpError(400, `${path} needs the parameter ${missing.name}, such as ${missing.example}`);
  }
  return { query, lists };
}

function check({ name, schema }: Parameter, value: string): void {
  const isNumber = (schema as Schema).type === "number";
  if (isNumber && value.trim() === "") {
    throw new HttpError(400, `the parameter ${name} is empty; use a number`);
  }
  const validate = validatorOf(schema);
  if (!validate(isNumber ? Number(value) : value)) {
    const values = (schema as Schema).enum as readonly string[] | undefined;
    const why = values === undefined ? validate.errors?.[0]?.message : `use ${values.join(", ")}`;
    throw new HttpError(400, `the parameter ${name} is not valid: ${why}`);
  }
}

/** The body of a request that has one; an absent body is an empty object. Throws an `HttpError`. */
export function readBody({ body }: Endpoint, type: string | undefined, bytes: Uint8Array): unknown {
  if (bytes.length === 0 && body === undefined) {
    return undefined;
  }
  if (bytes.length > 0 && !/^application\/json\s*(?:;|$)/i.test(type ?? "")) {
    throw new HttpError(415, "the body must be JSON, and say so: content-type: application/json");
  }
  let value: unknown;
  try {
    value = bytes.length === 0 ? {} : JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new HttpError(400, "the body is not valid JSON");
  }
  if (body === undefined) {
    throw new HttpError(400, "this path takes no body");
  }
  const validate = validatorOf(SCHEMAS[body]);
  if (!validate(value)) {
    const [fault] = validate.errors ?? [];
    throw new HttpError(400, `the body is not valid: ${fault?.instancePath || "it"} ${fault?.message}`);
  }
  return value;
}

const ajv = new Ajv({ strict: true, allowUnionTypes: true, validateFormats: false });
const compiled = new WeakMap<object, ValidateFunction>();

function validatorOf(schema: Schema): ValidateFunction {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  return validate;
}
