import { open } from '@seamkit/core';
import { redis } from '@seamkit/redis';
import { describeUnless } from '@seamkit/test-run';
import { containerWorkspace, noContainers } from './engine';

jest.setTimeout(300_000);

describeUnless(noContainers(), 'container')(
  'a container that needs more memory than it may have',
  () => {
    containerWorkspace();
    afterEach(() => jest.restoreAllMocks());

    test('is named as such, once for two boundaries, and both go on with a new one', async () => {
      const told: string[] = [];
      const options = { container: { memory: '24m' } };
      await using env = await open({ one: redis(options), two: redis(options) });
      const before = env.one.url;
      const fill = "for i = 1, 200 do redis.call('SET', i, string.rep('x', 1000000)) end";
      await expect(env.one.client.eval(fill, 0)).rejects.toThrow();
      jest.spyOn(process.stderr, 'write').mockImplementation((line) => {
        told.push(String(line));
        return true;
      });
      await env.reset();
      expect(told).toEqual([expect.stringMatching(/its limit of 24 MB \[SERVER_ENDED\]/)]);
      expect(told[0]).toContain("raise the option container: { memory: '2g' }");
      expect(told[0]).toContain('Ready to accept connections');
      expect(env.one.url).not.toBe(before);
      expect(await env.one.client.dbsize()).toBe(0);
      expect(await env.two.client.dbsize()).toBe(0);
    });
  },
);
