import { setImmediate } from 'node:timers/promises';
import { sweepDead } from '../src/lease';
import type { Management } from '../src/management';

test('a run that begins while another sweeps is not taken for dead', async () => {
  const vhosts = [{ name: 'seamkit_dead_s1', tags: 'seamkit' }];
  const leases: { name: string }[] = [];
  const removed: string[] = [];
  const api = {
    async get(path: string) {
      const list = path.startsWith('/queues/') ? leases : path === '/vhosts' ? vhosts : [];
      const answer = [...list];
      // After each answer somebody takes a lease, and then makes a vhost.
      const owner = `new${leases.length}`;
      leases.push({ name: `seamkit_${owner}` });
      vhosts.push({ name: `seamkit_${owner}_s1`, tags: 'seamkit' });
      await setImmediate();
      return answer;
    },
    remove: async (path: string) => void removed.push(path),
  };
  await sweepDead(api as unknown as Management);
  expect(removed).toEqual(['/vhosts/seamkit_dead_s1']);
});
