import { randomBytes } from 'node:crypto';
import type { RuntimeName } from '@seamkit/core';
import { driverOn, type OpenServer, openServer } from '@seamkit/core/inspect';
import { type S3Access, type S3Options, s3 } from '@seamkit/s3';
import { Client } from 'minio';
import { Buckets } from '../dist/bucket';
import { connectServer } from '../dist/connect-server';
import { Owner } from '../dist/owner';

let server: OpenServer;
let client: Client;

beforeAll(async () => {
  // A server that nobody else is on: some of these sweeps take everybody for dead.
  const shared = s3();
  server = await openServer({ ...shared, plan: { ...shared.plan, exclusive: true } });
  const { hostname, port, username, password } = new URL(server.endpoint.url);
  client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: username,
    secretKey: password,
    region: 'us-east-1',
  });
});
afterAll(() => server.close());

const newOwner = () => `t${randomBytes(4).toString('hex')}`;

/** A run on somebody else's server; on its own, where the runtime is not external. */
function driverOf(owner: string, options: S3Options = {}, runtime: RuntimeName = 'external') {
  return driverOn(s3(options), server.endpoint, { owner, runtime });
}

async function namesWith(part: string) {
  const names = (await client.listBuckets()).map(({ name }) => name);
  return names.filter((name) => name.includes(part)).sort();
}

/** Sweeps as another run would once `life` ms have passed. */
async function sweep(life: number, by = newOwner()) {
  const { requests, kind } = await connectServer(server.endpoint);
  const removed = await new Owner(new Buckets(requests, kind), by).sweep(undefined, life);
  requests.close();
  return removed;
}

test('a living run is left alone, a dead one is swept with all that is in its buckets', async () => {
  const owner = newOwner();
  const driver = await driverOf(owner, { buckets: ['a', 'b'] });
  const names = await driver.create({ name: `seamkit_${owner}_s1`, index: 1, owner }, null);
  for (const bucket of Object.values(names as object)) {
    await client.putObject(bucket, 'object', 'content');
    await client.initiateNewMultipartUpload(bucket, 'unfinished', {});
  }
  await client.setBucketVersioning(`seamkit-${owner}-s1-b`, { Status: 'Enabled' });
  await client.putObject(`seamkit-${owner}-s1-b`, 'object', 'version 2');
  const all = [`seamkit-${owner}-owner`, `seamkit-${owner}-s1-a`, `seamkit-${owner}-s1-b`];
  expect(await namesWith(owner)).toEqual(all);

  const other = await driverOf(newOwner());
  expect(await other.sweep!()).not.toEqual(expect.arrayContaining(all));
  expect(await namesWith(owner)).toEqual(all);
  expect(await sweep(-2_000, owner)).not.toEqual(expect.arrayContaining(all)); // never one's own

  expect(await sweep(-2_000)).toEqual(expect.arrayContaining(all));
  expect(await namesWith(owner)).toEqual([]);
  await Promise.all([driver.close(), other.close()]);
});

test('a run that is known to be over is swept at once, and no other', async () => {
  const [ended, living] = [newOwner(), newOwner()];
  const drivers = await Promise.all([driverOf(ended), driverOf(living), driverOf(newOwner())]);
  await drivers[0].create({ name: `seamkit_${ended}_s1`, index: 1, owner: ended }, null);
  await drivers[1].create({ name: `seamkit_${living}_s1`, index: 1, owner: living }, null);

  expect((await drivers[2].sweep!(ended)).sort()).toEqual([
    `seamkit-${ended}-owner`,
    `seamkit-${ended}-s1`,
  ]);
  expect(await namesWith(living)).toHaveLength(2);
  expect(await sweep(-2_000)).toContain(`seamkit-${living}-s1`);
  await Promise.all(drivers.map((driver) => driver.close()));
});

test.each(['destroyed', 'recovered', 'swept'])(
  'what a file wrote for its baseline, and no more, is kept in a bucket that goes when its sandbox is %s',
  async (end) => {
    const owner = newOwner();
    const prepare = async (_: string, { client, bucket }: S3Access) => {
      for (const key of ['prepared', 'rewritten']) await client.putObject(bucket, key, 'prepared');
    };
    const driver = await driverOf(owner, { prepare });
    const template = await driver.template({ name: `seamkit_${owner}_t1`, index: 1, owner });
    const names = await driver.create({ name: `seamkit_${owner}_s2`, index: 2, owner }, template);
    const [bucket, own] = [`seamkit-${owner}-s2`, `seamkit-${owner}-s2.b`];
    const sandbox = await driver.open(names, template);
    expect(await sandbox.setBaseline!()).toBe(false);
    expect(await namesWith(owner)).not.toContain(own);

    for (const key of ['added', 'rewritten']) await client.putObject(bucket, key, 'by a hook');
    expect(await sandbox.setBaseline!()).toBe(true);
    expect(await sandbox.setBaseline!()).toBe(false);
    const copied: string[] = [];
    for await (const { name } of client.listObjects(own, '', true)) copied.push(name);
    expect(copied).toEqual(['added', 'rewritten']);

    await sandbox.close();
    if (end === 'destroyed') await driver.destroy(names);
    if (end === 'recovered') await driver.recover(names, template);
    if (end === 'swept') expect(await sweep(-2_000)).toContain(own);
    expect(await namesWith(owner)).not.toContain(own);
    await driver.close();
  },
);

test('what only looks like ours is never touched', async () => {
  const owner = newOwner();
  const driver = await driverOf(owner);
  await driver.create({ name: `seamkit_${owner}_s1`, index: 1, owner }, null);
  const foreign = newOwner();
  const kept = [
    `seamkit-${owner}-s2`, // our name, not claimed
    `seamkit-${foreign}-owner`, // an owner's name, without a sign of life
    `${foreign}-data`, // claimed by mistake, but not our name
  ];
  for (const bucket of kept) {
    await client.makeBucket(bucket);
    await client.putObject(bucket, 'precious', 'content');
  }
  await client.putObject(`seamkit-${owner}-owner`, `buckets/${foreign}-data`, '');

  expect(await sweep(-2_000)).toContain(`seamkit-${owner}-s1`);
  for (const bucket of kept) {
    expect((await client.statObject(bucket, 'precious')).size).toBe(7);
    await client.removeObject(bucket, 'precious');
    await client.removeBucket(bucket);
  }
  await driver.close();
});

test("the buckets of the server's own keeper stay, though they have no owner there", async () => {
  const owner = newOwner();
  const [home, sweeper] = [await driverOf(owner, {}, 'process'), await driverOf(newOwner())];
  const names = await home.create({ name: `seamkit_${owner}_s1`, index: 1, owner }, null);
  const [bucket] = Object.values(names as Record<string, string>);
  await client.putObject(bucket!, 'object', 'of the living');
  expect(await sweep(-2_000)).not.toContain(bucket);
  expect(await sweeper.sweep!(owner)).toEqual([]);
  expect((await client.statObject(bucket!, 'object')).size).toBe(13);
  await home.destroy(names);
  await Promise.all([home.close(), sweeper.close()]);
});

test('a run whose last process leaves while another comes goes on', async () => {
  const owner = newOwner();
  const { requests, kind } = await connectServer(server.endpoint);
  const buckets = new Buckets(requests, kind);
  const make = buckets.make.bind(buckets);
  let left = 2;
  buckets.make = async (bucket) => {
    await make(bucket);
    // Who leaves has seen the bucket without claims, and removes it only now.
    if (left-- > 0) await client.removeBucket(bucket);
  };
  const coming = new Owner(buckets, owner);
  await coming.claim(`seamkit-${owner}-s1`);
  expect(await namesWith(owner)).toEqual([`seamkit-${owner}-owner`]);
  await coming.disclaim(`seamkit-${owner}-s1`);
  await coming.leave();
  requests.close();
  expect(await namesWith(owner)).toEqual([]);
});

test('two that sweep at once do not stand in each other’s way', async () => {
  const owners = Array.from({ length: 4 }, newOwner);
  const drivers = await Promise.all(owners.map((owner) => driverOf(owner)));
  await Promise.all(
    drivers.map((driver, index) => {
      const owner = owners[index]!;
      return driver.create({ name: `seamkit_${owner}_s1`, index: 1, owner }, null);
    }),
  );
  await Promise.all([sweep(-2_000), sweep(-2_000), sweep(-2_000)]);
  for (const owner of owners) {
    // Not by the list: Ceph may keep a name there when it was told twice at once to remove a bucket.
    for (const bucket of [`seamkit-${owner}-s1`, `seamkit-${owner}-owner`]) {
      expect(await client.bucketExists(bucket)).toBe(false);
    }
  }
  await Promise.all(drivers.map((driver) => driver.close()));
});

test('a run that removed all its buckets leaves nothing', async () => {
  const owner = newOwner();
  const prepare: S3Options['prepare'] = async (_, { client, bucket }) => {
    await client.putObject(bucket, 'base', 'line');
  };
  const driver = await driverOf(owner, { prepare });
  const template = await driver.template({ name: `seamkit_${owner}_t1`, index: 1, owner });
  const sandbox = await driver.create({ name: `seamkit_${owner}_s2`, index: 2, owner }, template);
  expect(await namesWith(owner)).toHaveLength(3);
  await driver.destroy(sandbox);
  await driver.destroyTemplate(template);
  await driver.close();
  expect(await namesWith(owner)).toEqual([]);
});

test('a template that fails leaves nothing', async () => {
  const owner = newOwner();
  const prepare: S3Options['prepare'] = async (_, { client, buckets }) => {
    await client.putObject(buckets.b!, 'half', 'done');
    throw new Error('broken on purpose');
  };
  const driver = await driverOf(owner, { prepare, buckets: ['a', 'b'] });
  const id = { name: `seamkit_${owner}_t1`, index: 1, owner };
  await expect(driver.template(id)).rejects.toThrow('broken on purpose');
  await driver.close();
  expect(await namesWith(owner)).toEqual([]);
});
