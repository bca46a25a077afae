import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareContracts, loadContract } from '@seamkit/http';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-compare-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

type Document = ReturnType<typeof original>;

const original = () => ({
  openapi: '3.1.0',
  paths: {
    '/orders/{id}': {
      put: {
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
          { name: 'page', in: 'query', required: false, schema: { type: 'integer', maximum: 10 } },
        ] as any[],
        requestBody: {
          required: false,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['total'],
                properties: {
                  total: { type: 'number', minimum: 0 },
                  state: { enum: ['open', 'paid'] },
                  note: { type: ['string', 'null'], maxLength: 100 },
                },
              } as any,
            },
            'text/plain': {},
          } as any,
        },
        responses: {
          '200': {
            headers: { ETag: { required: true, schema: { type: 'string' } } },
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Order' } } },
          } as any,
          '404': { description: 'none' },
        } as any,
      } as any,
    },
  } as any,
  components: {
    schemas: {
      Order: {
        allOf: [{ $ref: '#/components/schemas/Entity' }],
        required: ['total'],
        properties: {
          total: { type: 'number' },
          state: { enum: ['open', 'paid'] },
          lines: {
            type: 'array',
            items: { type: 'object', properties: { price: { type: 'number' } } },
          },
          parent: { $ref: '#/components/schemas/Order' },
          payment: {
            oneOf: [{ $ref: '#/components/schemas/Card' }, { $ref: '#/components/schemas/Bank' }],
          },
        },
      } as any,
      Entity: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } } as any,
      Card: {
        type: 'object',
        required: ['number'],
        properties: { number: { type: 'string' } },
      } as any,
      Bank: { type: 'object', required: ['iban'], properties: { iban: { type: 'string' } } } as any,
      Cash: {
        type: 'object',
        required: ['cash'],
        properties: { cash: { type: 'boolean' } },
      } as any,
    },
  },
});

function compare(change: (after: Document) => void): string[] {
  const after = original();
  change(after);
  const [old, now] = [original(), after].map((document, index) => {
    const file = join(folder, `${index}.json`);
    writeFileSync(file, JSON.stringify(document));
    return loadContract(file);
  });
  return compareContracts(old!, now!).map(({ where, message }) => `${where}: ${message}`);
}

const put = ({ paths }: Document) => Object.values<any>(paths)[0].put;
const body = (document: Document) => put(document).requestBody.content['application/json'].schema;
const order = ({ components }: Document) => components.schemas.Order;

test.each<[string, (after: Document) => void]>([
  ['nothing', () => {}],
  [
    'another name in the path',
    (after) => {
      const text = JSON.stringify(after.paths)
        .replace('{id}', '{order}')
        .replace('"id"', '"order"');
      after.paths = JSON.parse(text);
    },
  ],
  [
    'one more operation',
    (after) => {
      after.paths['/new'] = { get: { responses: {} } };
    },
  ],
  [
    'an optional parameter',
    (after) => put(after).parameters.push({ name: 'x', in: 'query', schema: {} }),
  ],
  [
    'an optional property of a request',
    (after) => {
      body(after).properties.more = { type: 'string' };
    },
  ],
  [
    'a request that may be more',
    (after) => {
      const { properties } = body(after);
      properties.total.minimum = -5;
      properties.note.maxLength = 200;
      properties.state.enum.push('lost');
      body(after).required = [];
    },
  ],
  [
    'a property more in an answer',
    (after) => {
      order(after).properties.more = { type: 'string' };
    },
  ],
  [
    'an answer that is less',
    (after) => {
      order(after).properties.state.enum.pop();
      order(after).properties.total.type = 'integer';
      order(after).required.push('state');
      order(after).properties.payment.oneOf.pop();
    },
  ],
  [
    'a property that moved to another schema',
    (after) => {
      order(after).properties.id = { type: 'integer' };
      after.components.schemas.Entity = { type: 'object', required: ['id'] };
    },
  ],
  [
    '3.0 instead of 3.1',
    (after) => {
      after.openapi = '3.0.3';
      body(after).properties.note = { type: 'string', nullable: true, maxLength: 100 };
    },
  ],
])('%s breaks nobody', (_, change) => {
  expect(compare(change)).toEqual([]);
});

test.each<[string, (after: Document) => void, string[]]>([
  [
    'an answer that loses a field',
    (after) => delete order(after).properties.total,
    ['response: the body /total: is gone'],
  ],
  [
    'an answer that loses a field of a schema in allOf',
    (after) => delete after.components.schemas.Entity.properties.id,
    ['response: the body /id: is gone'],
  ],
  [
    'an answer that loses a field of its items',
    (after) => delete order(after).properties.lines.items.properties.price,
    ['response: the body /lines/*/price: is gone'],
  ],
  [
    'a field that may be missing',
    (after) => order(after).required.pop(),
    ['response: the body /total: may be missing now'],
  ],
  [
    'a field of another type',
    (after) => {
      order(after).properties.total.type = 'string';
    },
    ['response: the body /total: may be string now'],
  ],
  [
    'a field that may be null',
    (after) => {
      order(after).properties.total.type = ['number', 'null'];
    },
    ['response: the body /total: may be null now'],
  ],
  [
    'one more value of an answer',
    (after) => order(after).properties.state.enum.push('lost'),
    ['response: the body /state: may be "lost" now'],
  ],
  [
    'any value of an answer',
    (after) => {
      order(after).properties.state = {};
    },
    ['response: the body /state: may be any value now'],
  ],
  [
    'one more kind of answer',
    (after) => order(after).properties.payment.oneOf.push({ $ref: '#/components/schemas/Cash' }),
    ["response: the body /payment: may be 'Cash' now, which it was not"],
  ],
  [
    'a kind of answer that loses a field',
    (after) => delete after.components.schemas.Bank.properties.iban,
    ["response: the body /payment: may be 'Bank' now, which it was not"],
  ],
  [
    'an answer that is gone',
    (after) => delete put(after).responses['404'],
    ['response: the answer 404 is gone'],
  ],
  [
    'a content type that is gone',
    (after) => {
      put(after).responses['200'].content = { 'text/xml': {} };
    },
    ['response: the content type application/json is gone'],
  ],
  [
    'a header that is gone',
    (after) => {
      put(after).responses['200'].headers = {};
    },
    ["response: the header 'ETag' is gone"],
  ],
  [
    'an operation that is gone',
    (after) => {
      after.paths = {};
    },
    ['request: the operation is gone'],
  ],
  [
    'a required parameter',
    (after) => put(after).parameters.push({ name: 'x', in: 'header', required: true, schema: {} }),
    ["request: the header parameter 'x' is new, and required"],
  ],
  [
    'a parameter that is required now',
    (after) => {
      put(after).parameters[1].required = true;
    },
    ["request: the query parameter 'page' is required now"],
  ],
  [
    'a tighter parameter',
    (after) => {
      put(after).parameters[1].schema.maximum = 5;
    },
    ["request: the query parameter 'page': maximum is 5 now"],
  ],
  [
    'a body that is required now',
    (after) => {
      put(after).requestBody.required = true;
    },
    ['request: the body is required now'],
  ],
  [
    'a field that is required now',
    (after) => body(after).required.push('state'),
    ['request: the body /state: is required now'],
  ],
  [
    'a field that may not be null any more',
    (after) => {
      body(after).properties.note.type = 'string';
    },
    ['request: the body /note: may no longer be null'],
  ],
  [
    'one value less in a request',
    (after) => body(after).properties.state.enum.pop(),
    ['request: the body /state: may no longer be "paid"'],
  ],
  [
    'a tighter bound',
    (after) => {
      body(after).properties.total.minimum = 1;
    },
    ['request: the body /total: minimum is 1 now'],
  ],
  [
    'no other fields',
    (after) => {
      body(after).additionalProperties = false;
    },
    ['request: the body: no other properties are allowed now'],
  ],
  [
    'credentials',
    (after) => {
      put(after).security = [{ key: [] }];
      (after.components as any).securitySchemes = {
        key: { type: 'apiKey', in: 'header', name: 'k' },
      };
    },
    ['request: credentials: nothing was enough, and is no longer'],
  ],
])('%s breaks clients', (_, change, expected) => {
  expect(compare(change)).toEqual(expected);
});

test('a change names its operation and its place', () => {
  const after = original();
  delete order(after).properties.total;
  writeFileSync(join(folder, 'old.json'), JSON.stringify(original()));
  writeFileSync(join(folder, 'new.json'), JSON.stringify(after));
  const changes = compareContracts(
    loadContract(join(folder, 'old.json')),
    loadContract(join(folder, 'new.json')),
  );
  expect(changes).toEqual([
    {
      operation: 'PUT /orders/{id}',
      pointer: 'new.json#/components/schemas/Order',
      where: 'response',
      message: 'the body /total: is gone',
    },
  ]);
});
