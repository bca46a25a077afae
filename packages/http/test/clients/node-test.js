// Run by `node --test`, from clients.test.ts.
const assert = require('node:assert/strict');
const test = require('node:test');
const { use } = require('@seamkit/core');
const { http } = require('@seamkit/http');
const { clients, got } = require('./clients');

const env = use(
  { api: http({ origins: ['https://api.stripe.com'] }) },
  { hooks: require('node:test') },
);

for (const [name, get] of Object.entries({ ...clients, got })) {
  test(`${name} reaches the stub`, async () => {
    env.api.get('/v1/charges/:id').reply(200, 'from the stub');
    const answer = await get('https://api.stripe.com/v1/charges/ch_1');
    assert.deepEqual(answer, { status: 200, body: 'from the stub' });
    const [call] = env.api.calls();
    assert.equal(call.url, 'https://api.stripe.com/v1/charges/ch_1');
  });
}
