import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareContracts, loadContract } from '@seamkit/http';
import { buildApp } from '../../src/app';
import { readConfig } from '../../src/config';

const folder = mkdtempSync(join(tmpdir(), 'orders-contract-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The contract of the service as it is; nothing of this is connected to. */
async function contractNow() {
  await using api = await buildApp(
    readConfig({
      DATABASE_URL: 'postgres://localhost/orders',
      LOG_LEVEL: 'silent',
      S3_URL: 'https://storage.example',
      S3_BUCKET: 'receipts',
      S3_ACCESS_KEY: 'key',
      S3_SECRET_KEY: 'secret',
      PAYMENTS_KEY: 'key',
      OIDC_ISSUER: 'https://login.example',
      OIDC_AUDIENCE: 'orders',
      EXPORT_FOLDER: folder,
    }),
  );
  return (await api.inject('/openapi.json')).json();
}

/** What breaks clients that were written for the published contract. */
function breaks(document: object) {
  const file = join(folder, 'now.json');
  writeFileSync(file, JSON.stringify(document));
  return compareContracts(loadContract('contracts/orders.json'), loadContract(file));
}

const schemaOf = (operation: any, status: number) =>
  operation.responses[status].content['application/json'].schema;

test('clients of the published contract still work', async () => {
  expect(breaks(await contractNow())).toEqual([]);
});

test('an answer that loses a field breaks them', async () => {
  const document = await contractNow();
  const order = schemaOf(document.paths['/orders/{id}'].get, 200);
  delete order.properties.totalCents;
  order.required = order.required.filter((name: string) => name !== 'totalCents');

  const changes = breaks(document);

  expect(changes).toHaveLength(1);
  expect(changes[0]).toMatchObject({ operation: 'GET /orders/{id}', where: 'response' });
  expect(changes[0]!.message).toContain('totalCents');
});

test('so does a request that must say more', async () => {
  const document = await contractNow();
  document.paths['/users'].post.requestBody.content['application/json'].schema.required.push(
    'phone',
  );

  expect(breaks(document)).toMatchObject([{ operation: 'POST /users', where: 'request' }]);
});

test('a field more in an answer breaks nobody', async () => {
  const document = await contractNow();
  schemaOf(document.paths['/orders/{id}'].get, 200).properties.note = { type: 'string' };

  expect(breaks(document)).toEqual([]);
});
