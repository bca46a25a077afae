import { setImmediate } from 'node:timers/promises';
import { sweepDead } from '../dist/lease';
import type { Management } from '../dist/management';

test('a run that begins while another sweeps is not taken for dead', async () => {
  const claims: { name: string; arguments: { owner: string; tag: string } }[] = [];
  const leases: { name: string }[] = [];
  const removed: string[] = [];
  const claim = (owner: string) =>
    claims.push({ name: `seamkit_${owner}_s1`, arguments: { owner, tag: 'ours' } });
  claim('dead');
  const api = {
    async get(path: string) {
      if (/^.(vhosts|users)/.test(path)) return { tags: ['ours'] };
      const answer = path.startsWith('/queues/') ? [...leases] : [...claims];
      // After each answer somebody takes a lease, and then claims a vhost.
      const owner = `new${leases.length}`;
      leases.push({ name: `seamkit_${owner}` });
      claim(owner);
      await setImmediate();
      return answer;
    },
    remove: async (path: string) => void removed.push(path),
  };
  await sweepDead(api as unknown as Management);
  expect(removed).toEqual([
    '/vhosts/seamkit_dead_s1',
    '/users/seamkit_dead_s1',
    '/exchanges/seamkit_lease/seamkit_dead_s1',
  ]);
});
