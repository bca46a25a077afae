import { header } from '../cassette/content';
import type { HttpRequest, HttpResponse } from '../interaction';
import { bodyValue, mediaEntry } from './content-types';
import { type Located, OpenApiDocument } from './document';
import { type Operation, Operations } from './operations';
import { checkParameter, readValue } from './parameters';
import type { Direction } from './schema-dialect';
import { Schemas } from './schemas';
import { checkSecurity } from './security';
import type { Violation } from './violation';

/**
 * Loads an OpenAPI 3.0 or 3.1 document (YAML or JSON) and the files it refers to; nothing is fetched.
 * @throws SeamkitError `OPTION_INVALID` where it cannot be read, is another version, or has a `$ref`
 * that leads nowhere
 */
export function loadContract(file: string): Contract {
  return new Contract(new OpenApiDocument(file));
}

/** What an API promised. Checks may run concurrently. */
export class Contract {
  readonly document: OpenApiDocument;
  readonly operations: Operations;
  readonly #schemas: Partial<Record<Direction, Schemas>> = {};

  constructor(document: OpenApiDocument) {
    this.document = document;
    this.operations = new Operations(document);
  }

  /**
   * What of a request the contract does not allow; empty where all is well. Parameters that the
   * contract does not name are let through, as OpenAPI does.
   * @throws SeamkitError `OPTION_INVALID` where a schema of the contract is wrong
   */
  checkRequest(request: HttpRequest): Violation[] {
    const { found, path, methods } = this.operations.find(request.method, request.url);
    if (!found) return [this.#unknown(request, path, methods)];
    const { operation, parameters } = found;
    const schemas = this.schemas('request');
    const sources = { request, path: parameters };
    return [
      ...this.parameters(operation).flatMap((parameter) =>
        checkParameter(this.document, schemas, parameter, sources),
      ),
      ...checkSecurity(this.document, operation, request),
      ...this.#checkRequestBody(operation, request),
    ];
  }

  /**
   * What of a response the contract does not allow. Of a request that the contract does not know
   * only that is told.
   * @throws SeamkitError `OPTION_INVALID` where a schema of the contract is wrong
   */
  checkResponse(request: HttpRequest, response: HttpResponse): Violation[] {
    const { found, path, methods } = this.operations.find(request.method, request.url);
    if (!found) return [this.#unknown(request, path, methods)];
    const { node, name } = found.operation;
    const expected = this.#responseFor(node, response.status);
    if (!expected) {
      const known = Object.keys(node.value.responses ?? {}).join(', ');
      const message = `${response.status} is not among the answers of ${name}: ${known}`;
      return [this.#violation('response', '/status', message, `${node.at}/responses`)];
    }
    return [
      ...this.#checkHeaders(expected, response),
      ...(request.method.toUpperCase() === 'HEAD' || response.body.length === 0
        ? this.#checkNoBody(expected, request, response)
        : this.#checkBody('response', expected, response)),
    ];
  }

  schemas(direction: Direction): Schemas {
    this.#schemas[direction] ??= new Schemas(this.document, direction);
    return this.#schemas[direction];
  }

  /** Those of the operation, and those of its path that it does not override. */
  parameters({ node, path }: Operation): Located[] {
    const all = [path, node].flatMap((owner) =>
      this.document
        .children(this.document.child(owner, 'parameters'))
        .map(([, parameter]) => parameter),
    );
    return [...new Map(all.map((one) => [`${one.value.in} ${one.value.name}`, one])).values()];
  }

  #checkRequestBody({ node }: Operation, request: HttpRequest): Violation[] {
    const body = this.document.child(node, 'requestBody');
    if (!body) return [];
    if (request.body.length > 0) return this.#checkBody('request', body, request);
    if (!body.value.required) return [];
    return [this.#violation('request', '/body', 'is missing', `${body.at}/required`)];
  }

  #checkBody(where: Direction, owner: Located, message: HttpRequest | HttpResponse): Violation[] {
    const content = this.document.child(owner, 'content');
    // The contract says nothing about the body.
    if (!content) return [];
    const type = header(message.headers, 'content-type');
    const media = mediaEntry(this.document, content, type);
    if (!media) {
      const known = Object.keys(content.value).join(', ');
      const problem = `must be ${known}, not ${type ?? 'missing'}`;
      return [this.#violation(where, '/headers/content-type', problem, content.at)];
    }
    const schema = this.document.child(media, 'schema');
    if (!schema) return [];
    const schemas = this.schemas(where);
    const body = bodyValue(message, schemas, schema);
    if ('unchecked' in body) return [];
    if ('problem' in body) return [this.#violation(where, '/body', body.problem, media.at)];
    return schemas.check(schema, body.value, '/body');
  }

  /** JSON is never empty. */
  #checkNoBody(expected: Located, request: HttpRequest, { status }: HttpResponse): Violation[] {
    const content = this.document.child(expected, 'content');
    const json = content && Object.keys(content.value).every((type) => /json/.test(type));
    const none = request.method.toUpperCase() === 'HEAD' || status === 204 || status === 304;
    if (!json || none || Object.keys(content.value).length === 0) return [];
    return [this.#violation('response', '/body', 'is missing', content.at)];
  }

  #checkHeaders(expected: Located, response: HttpResponse): Violation[] {
    const schemas = this.schemas('response');
    return this.document
      .children(this.document.child(expected, 'headers'))
      .flatMap(([name, node]) => {
        const lower = name.toLowerCase();
        if (lower === 'content-type') return [];
        const value = header(response.headers, lower);
        const pointer = `/headers/${lower}`;
        if (value === undefined) {
          if (!node.value.required) return [];
          return [this.#violation('response', pointer, 'is missing', `${node.at}/required`)];
        }
        const schema = this.document.child(node, 'schema');
        if (!schema) return [];
        const list = schemas.typesOf(schema).has('array');
        const texts = list ? value.split(/, */) : [value];
        return schemas.check(schema, readValue(texts, schemas, schema), pointer);
      });
  }

  /** The exact status, else its range, else the default. */
  #responseFor(node: Located, status: number): Located | undefined {
    const range = Math.floor(status / 100);
    for (const key of [String(status), `${range}XX`, `${range}xx`, 'default']) {
      const found = this.document.child(node, 'responses', key);
      if (found) return found;
    }
    return undefined;
  }

  #unknown({ method, url }: HttpRequest, path: string | undefined, methods: string[]): Violation {
    const at = `${this.document.root.at}/paths`;
    if (path === undefined) {
      return this.#violation(
        'request',
        '/path',
        `${new URL(url).pathname} is not in the contract`,
        at,
      );
    }
    const known = methods.join(', ');
    return this.#violation('request', '/method', `${path} has no ${method}, only ${known}`, at);
  }

  #violation(where: Direction, pointer: string, message: string, at: string): Violation {
    return { pointer, message, where, rule: this.document.shown(at) };
  }
}
