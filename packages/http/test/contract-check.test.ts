import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { http } from '@seamkit/http';

const document = `
openapi: 3.1.0
info: { title: Payments, version: '1' }
servers: [{ url: https://api.pay.example }]
paths:
  /charges:
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema: { type: object, required: [amount], properties: { amount: { type: integer } } }
      responses:
        '201':
          description: made
          content:
            application/json:
              schema: { type: object, required: [id], properties: { id: { type: string } } }
`;

let folder: string;
let contract: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-http-'));
  contract = join(folder, 'openapi.yaml');
  writeFileSync(contract, document);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Sends one charge, and returns what the test would fail with. */
async function complaint(sent: unknown, answered: unknown, fail = false, path = '/charges') {
  const { kit, options } = http({ origins: ['https://api.pay.example'], contract });
  if (kit.kind === 'server') throw new Error('not a local kit');
  const box = await kit.open(options, {} as never);
  try {
    const route = box.members.post('/*').reply(201, answered);
    if (fail) route.fail('status', { status: 503 });
    const response = await fetch(`https://api.pay.example${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sent),
    });
    await response.text();
    const error = await Promise.resolve(box.verify!({})).then(
      () => undefined,
      (reason: Error) => reason,
    );
    return error?.message;
  } finally {
    await box.close();
  }
}

test('what keeps the contract passes', async () => {
  expect(await complaint({ amount: 5 }, { id: 'ch_1' })).toBeUndefined();
});

test('what the service sends is checked', async () => {
  const message = await complaint({ amount: 'five' }, { id: 'ch_1' });
  expect(message).toContain(
    'the request of POST https://api.pay.example/charges breaks the contract: /body/amount',
  );
});

test('what the stub answers is checked', async () => {
  const message = await complaint({ amount: 5 }, {});
  expect(message).toContain(
    'the response of POST https://api.pay.example/charges breaks the contract: /body',
  );
});

test('a path that the contract does not know is told once', async () => {
  const message = await complaint({ amount: 5 }, {}, false, '/refunds?key=secret');
  expect(message).toContain('/refunds breaks the contract');
  expect(message?.match(/breaks the contract/g)).toHaveLength(1);
});

test('a simulated failure is no answer of the API', async () => {
  expect(await complaint({ amount: 5 }, { id: 'ch_1' }, true)).toBeUndefined();
});

test('a document that is not OpenAPI is refused', async () => {
  const { kit, options } = http({ contract: join(folder, 'nowhere.yaml') });
  if (kit.kind === 'server') throw new Error('not a local kit');
  await expect(kit.open(options, {} as never)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});
