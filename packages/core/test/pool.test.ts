import { SeamkitError } from '../dist/errors';
import { Names } from '../dist/keeper/names';
import { Pool } from '../dist/keeper/pool';

/** A pool whose template `key` is ready. */
async function readyPool(): Promise<Pool> {
  const pool = new Pool(new Names('0wner'));
  await pool.lease('builder', 'key');
  pool.built('builder', 'key', 'template');
  return pool;
}

test('the first makes the template, those who wait get sandboxes of their own', async () => {
  const pool = new Pool(new Names('0wner'));
  const first = await pool.lease('a', 'key');
  expect(first).toMatchObject({ state: 'template', id: { name: 'seamkit_0wner_t1', index: 1 } });
  const waiting = [pool.lease('b', 'key'), pool.lease('c', 'key')];
  pool.built('a', 'key', 'template');
  const [b, c] = await Promise.all(waiting);
  expect(b).toMatchObject({ state: 'new', template: 'template', id: { index: 2 } });
  expect(c).toMatchObject({ state: 'new', template: 'template', id: { index: 3 } });
});

test('who waits for a template that fails hears why, and who comes later tries again', async () => {
  const pool = new Pool(new Names('0wner'));
  await pool.lease('a', 'key');
  const waiting = pool.lease('b', 'key');
  pool.failed('a', 'key', { code: 'PREPARE_FAILED', summary: 'no table' });
  await expect(waiting).rejects.toMatchObject({ code: 'PREPARE_FAILED' });
  expect(await pool.lease('c', 'key')).toMatchObject({ state: 'template' });
});

test('when the one who makes the template dies, the next in line makes it', async () => {
  const pool = new Pool(new Names('0wner'));
  await pool.lease('a', 'key');
  const [b, c] = [pool.lease('b', 'key'), pool.lease('c', 'key')];
  pool.drop('a');
  expect(await b).toMatchObject({ state: 'template' });
  pool.built('b', 'key', 'template');
  expect(await c).toMatchObject({ state: 'new' });
});

test('when the server or the session ends, who waits hears of it', async () => {
  const pool = new Pool(new Names('0wner'));
  await pool.lease('a', 'key');
  const [b, c] = [pool.lease('b', 'key'), pool.lease('c', 'key')];
  pool.drop('b');
  await expect(b).rejects.toMatchObject({ code: 'KEEPER_FAILED' });
  const ended = new SeamkitError('KEEPER_FAILED', 'the server has ended');
  pool.end(ended);
  await expect(c).rejects.toBe(ended);
});

test('a sandbox that is given back clean is given out before a dirty or a new one', async () => {
  const pool = await readyPool();
  for (const session of ['dies', 'ends']) {
    const lease = await pool.lease(session, 'key');
    pool.created(session, lease.id.name, session);
  }
  pool.drop('dies');
  pool.release('ends', 'seamkit_0wner_s3', 'clean');
  expect(await pool.lease('x', 'key')).toMatchObject({ state: 'clean', sandbox: 'ends' });
  expect(await pool.lease('y', 'key')).toMatchObject({ state: 'dirty', sandbox: 'dies' });
  expect(await pool.lease('z', 'key')).toMatchObject({ state: 'new' });
});

test('a sandbox whose creator died before it told what it made is not given out', async () => {
  const pool = await readyPool();
  await pool.lease('dies', 'key');
  pool.drop('dies');
  expect(await pool.lease('next', 'key')).toMatchObject({ state: 'new' });
});

test('a sandbox that is gone leaves its index free, and never its name', async () => {
  const pool = await readyPool();
  const lease = await pool.lease('a', 'key');
  pool.created('a', lease.id.name, 'data');
  pool.release('a', lease.id.name, 'gone');
  const next = await pool.lease('b', 'key');
  expect(next).toMatchObject({ state: 'new', id: { index: lease.id.index } });
  expect(next.id.name).not.toBe(lease.id.name);
});

test('spares are asked for until there are enough', async () => {
  const pool = await readyPool();
  const spare = pool.spare('a', 'key', 1)!;
  expect(spare).toMatchObject({ state: 'new' });
  expect(pool.spare('b', 'key', 1)).toBeNull();
  pool.created('a', spare.id.name, 'spare');
  pool.release('a', spare.id.name, 'clean');
  expect(pool.spare('b', 'key', 1)).toBeNull();
  expect(await pool.lease('b', 'key')).toMatchObject({ state: 'clean', sandbox: 'spare' });
  expect(pool.spare('b', 'key', 1)).toMatchObject({ state: 'new' });
});

test('a sandbox that its dead holder left counts as a spare', async () => {
  const pool = await readyPool();
  const { id } = await pool.lease('dies', 'key');
  pool.created('dies', id.name, 'data');
  pool.drop('dies');
  expect(pool.spare('next', 'key', 1)).toBeNull();
});

test('templates that nobody uses any more are handed out for removal', async () => {
  const pool = new Pool(new Names('0wner'));
  const discarded: unknown[] = [];
  for (let number = 1; number <= 6; number++) {
    await pool.lease('a', `key ${number}`);
    pool.built('a', `key ${number}`, `template ${number}`);
    const lease = await pool.lease('a', `key ${number}`);
    pool.created('a', lease.id.name, `sandbox ${number}`);
    pool.release('a', lease.id.name, 'clean');
    if (lease.state !== 'template') discarded.push(...lease.discard);
  }
  expect(discarded).toEqual([
    { template: 'template 1', sandboxes: ['sandbox 1'] },
    { template: 'template 2', sandboxes: ['sandbox 2'] },
  ]);
});

test('another session cannot give back what it does not hold', async () => {
  const pool = await readyPool();
  const { id } = await pool.lease('a', 'key');
  expect(() => pool.release('b', id.name, 'clean')).toThrow(/does not hold/);
});

test('where a template is gone, what others hold of it stays theirs until they give it back', async () => {
  const pool = await readyPool();
  const [held, failed, late] = [
    await pool.lease('holds', 'key'),
    await pool.lease('fails', 'key'),
    await pool.lease('fails too', 'key'),
  ];
  pool.created('holds', held.id.name, 'held');
  pool.release('fails', failed.id.name, 'gone', true);
  expect(await pool.lease('makes', 'key')).toMatchObject({ state: 'template' });
  pool.built('makes', 'key', 'second');
  // Of the first template: says nothing about the second.
  pool.release('fails too', late.id.name, 'gone', true);
  expect(await pool.lease('a', 'key')).toMatchObject({ template: 'second', discard: [] });
  pool.release('holds', held.id.name, 'clean');
  expect(await pool.lease('b', 'key')).toMatchObject({
    template: 'second',
    discard: [{ template: 'template', sandboxes: ['held'] }],
  });
});
