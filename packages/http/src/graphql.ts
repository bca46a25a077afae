import { isDeepStrictEqual } from 'node:util';
import { SeamkitError } from '@seamkit/core';
import type { GraphQLSchema } from 'graphql';
import type { Call } from './call';
import type { FailureKind, FailureOptions, When } from './failure';
import { type Check, compareSubset, type Match } from './matcher';
import type { Discriminant, Route, StubRoute } from './route';

/** The answer to an operation. */
export interface GraphqlResult {
  data?: Record<string, unknown> | null;
  errors?: readonly { message: string; [member: string]: unknown }[];
  extensions?: Record<string, unknown>;
}

export type GraphqlResolver = (
  variables: any,
  call: Call,
) => GraphqlResult | Promise<GraphqlResult>;

export interface GraphqlOptions {
  /**
   * The schema in its own language (SDL). With it, operations and replies that do not fit it fail
   * the test. Needs the package `graphql` 16.
   */
  schema?: string;
}

/** What an operation must have, beside its name. */
export interface OperationMatch {
  /** A subset, as for a route's `body`. */
  variables?: Readonly<Record<string, unknown>>;
  headers?: Match['headers'];
}

/** What a test gets from `query('Name')` and `mutation('Name')`: a route, answering with results. */
export interface GraphqlOperation extends Pick<Route, 'calls' | 'waitFor'> {
  /** As a route's `reply`: called again, it adds the answer for the next call. */
  reply(result: GraphqlResult | GraphqlResolver): this;
  fail<Kind extends FailureKind>(kind: Kind, options?: FailureOptions[Kind] & When): this;
}

/** What a test gets from `graphql('/path')`. */
export interface GraphqlEndpoint {
  query(name: string, match?: OperationMatch): GraphqlOperation;
  mutation(name: string, match?: OperationMatch): GraphqlOperation;
}

/** A GraphQL request, as far as it can be read without a schema. */
interface Operation {
  kind?: string;
  name?: string;
  query?: string;
  variables: Record<string, unknown>;
}

/** Makes the route of an operation. */
type AddRoute = (
  match: Match,
  extra: { label: string; checks: Check[]; discriminant: Discriminant },
) => StubRoute;

/** @throws SeamkitError `OPTION_INVALID` for an invalid schema, or without the package `graphql` */
export function graphqlEndpoint({ schema }: GraphqlOptions, add: AddRoute): GraphqlEndpoint {
  const checkResult = schema === undefined ? undefined : schemaCheck(schema);
  const operation = (kind: string, name: string, match: OperationMatch = {}): GraphqlOperation => {
    const { variables = {}, headers } = match;
    const checks: Check[] = [
      (call) => compareSubset('operation', name, read(call).name),
      (call) => compareSubset('operation kind', kind, read(call).kind ?? kind),
      (call) => compareSubset('variables', variables, read(call).variables),
    ];
    const discriminant = {
      name: 'operation',
      value: name,
      read: (call: Call) => read(call).name,
    };
    const route = add({ headers }, { label: `${kind} ${name}`, checks, discriminant });
    return {
      calls: () => route.calls(),
      waitFor: (options) => route.waitFor(options),
      fail(failure, options) {
        route.fail(failure, options);
        return this;
      },
      reply(result) {
        route.reply(async (call) => {
          const request = read(call);
          const body =
            typeof result === 'function' ? await result(request.variables, call) : result;
          await checkResult?.(request, body);
          return { body };
        });
        return this;
      },
    };
  };
  return {
    query: (name, match) => operation('query', name, match),
    mutation: (name, match) => operation('mutation', name, match),
  };
}

const operations = new WeakMap<Call, Operation>();

function read(call: Call): Operation {
  const known = operations.get(call);
  if (known) return known;
  const source = call.method === 'GET' ? call.query : call.json;
  const { query, operationName, variables } = source ?? {};
  // The first definition, or of several the one that the client names.
  const definitions = String(query ?? '').matchAll(
    /\b(query|mutation|subscription)\b\s*([A-Za-z_]\w*)?/g,
  );
  const [, kind, name] =
    [...definitions].find(([, , found]) => !operationName || found === operationName) ?? [];
  const operation = {
    kind: kind ?? (query ? 'query' : undefined),
    name: operationName ?? name,
    query,
    variables: (typeof variables === 'string' ? parse(variables) : variables) ?? {},
  };
  operations.set(call, operation);
  return operation;
}

function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Checks an operation, and the data that answers it, by executing the one over the other. */
function schemaCheck(source: string): (request: Operation, result: GraphqlResult) => Promise<void> {
  const graphql = loadGraphql();
  let schema: GraphQLSchema;
  try {
    schema = graphql.buildSchema(source);
  } catch (error) {
    throw SeamkitError.wrap(error, 'OPTION_INVALID', 'graphql() got an invalid schema');
  }
  return async ({ query = '', name, variables }, { data }) => {
    const document = graphql.parse(query);
    const [invalid] = graphql.validate(schema, document);
    if (invalid) throw refused(`operation ${name}`, invalid.message);
    if (data === undefined || data === null) return;
    const executed = await graphql.execute({
      schema,
      document,
      operationName: name,
      variableValues: variables,
      rootValue: data,
      // A field's value is found under the name that the client gave it.
      fieldResolver: (parent, _args, _context, { path }) => parent[path.key],
      typeResolver: ({ __typename }) => __typename,
    });
    const [error] = executed.errors ?? [];
    if (error) throw refused(`reply to ${name}`, `data/${error.path?.join('/')}: ${error.message}`);
    const extra = firstExtra('data', data, executed.data);
    if (extra) throw refused(`reply to ${name}`, `${extra} was not asked for`);
  };
}

function loadGraphql(): typeof import('graphql') {
  try {
    return require('graphql');
  } catch (cause) {
    throw new SeamkitError('OPTION_INVALID', 'a schema needs the package graphql', {
      hint: 'npm install --save-dev graphql@16',
      cause,
    });
  }
}

function refused(what: string, difference: string): SeamkitError {
  const summary = `the ${what} does not fit the schema: ${difference}`;
  return new SeamkitError('EXPECTATION_FAILED', summary);
}

/** Where the reply has a member that the operation did not select. */
function firstExtra(place: string, given: unknown, selected: unknown): string | undefined {
  if (typeof given !== 'object' || given === null || isDeepStrictEqual(given, selected)) return;
  for (const [key, value] of Object.entries(given)) {
    const known = (selected as any)?.[key];
    if (known === undefined && value !== undefined) {
      if (key !== '__typename') return `${place}/${key}`;
    } else {
      const extra = firstExtra(`${place}/${key}`, value, known);
      if (extra) return extra;
    }
  }
  return;
}
