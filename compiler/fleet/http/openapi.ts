/**
 * The description of the HTTP interface, made from its endpoints.
 *
 * https://spec.openapis.org/oas/v3.1.0
 */

import { packageRoot } from "../../platform/package-root.ts";
import type { Access, Endpoint, Parameter } from "./endpoint.ts";
import { SCHEMAS, type SchemaName } from "./schemas.ts";

/** What can go wrong with any request of an access. */
const ERRORS: Readonly<Record<Access, readonly number[]>> = {
  open: [400, 421],
  read: [400, 401, 421],
  change: [400, 401, 403, 413, 415, 421],
};

const ERROR_WORDS: Readonly<Record<number, string>> = {
  400: "A parameter or the body is not valid.",
  401: "The token is missing or not known.",
  403: "The server was started without tokens, so no client may ask this.",
  404: "There is no such thing.",
  409: "Not now.",
  413: "The body is too large.",
  415: "The body is not JSON.",
  421: "The Host header names another server.",
};

export function openApi(endpoints: readonly Endpoint[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of endpoints) {
    paths[endpoint.path] ??= {};
    paths[endpoint.path]![endpoint.method.toLowerCase()] = operation(endpoint);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "sluice serve",
      version: packageRoot().version,
      description:
        "The state of a fleet of Envoys, and what can be done with it. Fields are added, never changed or removed.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(SCHEMAS).map(([name, schema]) => [name, TAKEN.has(name) ? schema : opened(schema)]),
      ),
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

/** What is sent to the server, of which it takes no more than it knows. */
const TAKEN: ReadonlySet<string> = new Set<SchemaName>(["Abort", "Rollback"]);

/** The same for who reads answers: a field that a later version adds is nothing wrong. */
function opened(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(opened);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, one]) => !(key === "additionalProperties" && one === false))
      .map(([key, one]) => [key, opened(one)]),
  );
}

/** Every status that an endpoint may answer with. */
export function statusesOf({ access, answers, errors = [] }: Endpoint): number[] {
  return [...answers.map(({ status }) => status), ...ERRORS[access], ...errors];
}

function operation({ id, summary, access, parameters, body, answers, errors = [] }: Endpoint): object {
  const failures = [...ERRORS[access], ...errors].sort((a, b) => a - b);
  return {
    operationId: id,
    summary,
    ...(parameters && { parameters: parameters.map(parameter) }),
    ...(body && { requestBody: { content: { "application/json": { schema: reference(body) } } } }),
    // A program on the server's own machine may read without one.
    ...(access === "open" ? {} : { security: access === "read" ? [{ token: [] }, {}] : [{ token: [] }] }),
    responses: Object.fromEntries([
      ...answers.map(({ status, description, content }) => [
        status,
        {
          description,
          content:
            typeof content === "string"
              ? { "application/json": { schema: reference(content) } }
              : { [content.type]: { schema: { type: "string" } } },
        },
      ]),
      ...failures.map((status) => [
        status,
        { description: ERROR_WORDS[status], content: { "application/json": { schema: reference("Error") } } },
      ]),
    ]),
  };
}

function parameter({
  name,
  in: place,
  description,
  required = false,
  schema,
  repeats,
  example,
}: Parameter): object {
  return {
    name,
    in: place,
    description,
    required,
    schema: repeats ? { type: "array", items: schema } : schema,
    example: repeats ? [example] : example,
  };
}

function reference(name: SchemaName): object {
  return { $ref: `#/components/schemas/${name}` };
}
