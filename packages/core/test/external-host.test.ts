import { type Boundary, open, type SeamkitError } from '@seamkit/core';
import { checkExternalUrl } from '../dist/test-process/external-host';
import { shelf } from './shelf/kit';
import { emptyWorkspace } from './workspace';

emptyWorkspace();

const variables = { ...process.env };
beforeEach(() => {
  delete process.env.SEAMKIT_ALLOW_HOSTS;
});
afterEach(() => {
  for (const name of ['SEAMKIT_ALLOW_HOSTS', 'NODE_ENV', 'SEAMKIT_SHELF_URL']) {
    if (variables[name] === undefined) delete process.env[name];
    else process.env[name] = variables[name];
  }
});

function refusal(url: string): SeamkitError | undefined {
  try {
    checkExternalUrl('it', url);
  } catch (error) {
    return error as SeamkitError;
  }
}

describe('this machine, private networks and names that the public DNS does not have', () => {
  test.each([
    'postgres://user:secret@127.0.0.1:5432/postgres',
    'postgresql://127.1/postgres',
    'postgres://0.0.0.0/postgres',
    'redis://localhost:6379',
    'redis://LOCALHOST.',
    'rediss://cache.localhost',
    'amqp://guest:guest@rabbitmq:5672/%2f',
    'amqps://my_broker',
    'http://key:secret@minio:9000?region=us-east-1',
    'https://key:secret@[::1]:9000',
    'postgres://[::]/postgres',
    'postgres://[::ffff:127.0.0.1]/postgres',
    'postgres://[::ffff:a00:1]/postgres',
    'postgres://[fd12:3456::1]/postgres',
    'postgres://[fe80::1]/postgres',
    'postgres://10.255.0.1/postgres',
    'postgres://172.16.0.1/postgres',
    'postgres://172.31.255.255/postgres',
    'postgres://192.168.1.1/postgres',
    'postgres://169.254.1.1/postgres',
    'postgres://100.64.0.1/postgres',
    'postgres://2130706433/postgres', // 127.0.0.1
    'postgres://0x7f000001/postgres',
    'postgres://0300.0250.1.1/postgres', // 192.168.1.1
    'postgres://host.docker.internal/postgres',
    'postgres://Nas.Local/postgres',
    'postgres://db.test./postgres',
    'postgres://one,two:5432/postgres',
    'postgres://%2Fvar%2Frun%2Fpostgresql/postgres',
    'postgres://localhost/postgres?host=/var/run/postgresql',
    'postgres:///postgres?host=localhost',
  ])('%s', (url) => {
    expect(refusal(url)).toBeUndefined();
  });
});

describe('whatever could be anybody’s is refused', () => {
  test.each([
    ['postgres://user:secret@db.example.com:5432/postgres', 'db.example.com'],
    ['postgres://db.example.com./postgres', 'db.example.com.'],
    ['postgres://DB.Example.COM/postgres', 'DB.Example.COM'],
    ['rediss://cache.example.com', 'cache.example.com'],
    ['amqps://broker.example.com', 'broker.example.com'],
    ['https://key:secret@s3.eu-west-1.amazonaws.com', 's3.eu-west-1.amazonaws.com'],
    ['postgres://8.8.8.8/postgres', '8.8.8.8'],
    ['postgres://172.32.0.1/postgres', '172.32.0.1'],
    ['postgres://100.128.0.1/postgres', '100.128.0.1'],
    ['postgres://[2001:db8::1]/postgres', '[2001:db8::1]'],
    ['postgres://[::2]/postgres', '[::2]'],
    ['postgres://[::ffff:8.8.8.8]/postgres', '[::ffff:808:808]'],
    ['postgres://[64:ff9b::7f00:1]/postgres', '[64:ff9b::7f00:1]'],
    // Written in other ways.
    ['postgres://134744072/postgres', '134744072'],
    ['postgres://0x08080808/postgres', '0x08080808'],
    ['postgres://010.8.8.8/postgres', '010.8.8.8'],
    ['postgres://1.2.3.4.5/postgres', '1.2.3.4.5'],
    ['postgres://db%2eexample%2ecom/postgres', 'db.example.com'],
    ['postgres://db%252eexample/postgres', 'db%2eexample'],
    ['postgres://db%zz/postgres', 'db%zz'],
    ['postgres://db%E3%80%82example/postgres', 'db。example'],
    ['postgres://local.example.com/postgres', 'local.example.com'],
    ['postgres://notlocal/postgres?host=xinternal.example', 'xinternal.example'],
    ['postgres://ai./postgres', 'ai.'], // the top-level domain
    ['postgres://db.xlocal/postgres', 'db.xlocal'],
    // The host is not where it seems to be.
    ['postgres://localhost@db.example.com/postgres', 'db.example.com'],
    ['postgres://localhost:5432@db.example.com/postgres', 'db.example.com'],
    ['postgres://user:pass@localhost@db.example.com/postgres', 'db.example.com'],
    ['redis://127.0.0.1%40db.example.com', '127.0.0.1@db.example.com'],
    ['postgres://localhost/postgres?host=db.example.com', 'db.example.com'],
    ['postgres://localhost/postgres?hostaddr=8.8.8.8', '8.8.8.8'],
    ['postgres://localhost/postgres?host=localhost&host=db.example.com', 'db.example.com'],
    ['postgres://localhost/postgres?host=localhost%2Cdb.example.com', 'db.example.com'],
    ['postgres://localhost/postgres?host=localhost/@db.example.com', 'localhost/@db.example.com'],
    ['postgres://localhost,db.example.com/postgres', 'db.example.com'],
    ['redis:///0?host=db.example.com', 'db.example.com'],
  ])('%s', (url, host) => {
    expect(refusal(url)).toMatchObject({
      code: 'HOST_REFUSED',
      summary: expect.stringContaining(`it: ${host} may be a production server`),
      hint: expect.stringContaining(`SEAMKIT_ALLOW_HOSTS=${host}`),
    });
  });

  test('a url without any host, which leaves the choice to the client', () => {
    for (const url of ['redis:///0', 'postgres://localhost,/postgres', 'postgres:///?host=']) {
      expect(refusal(url)).toMatchObject({ code: 'URL_INVALID' });
    }
  });
});

describe('SEAMKIT_ALLOW_HOSTS', () => {
  const allow = (hosts: string) => {
    process.env.SEAMKIT_ALLOW_HOSTS = hosts;
  };

  test.each([
    ['db.example.com', 'postgres://DB.example.com./postgres'],
    [' a.example , Db.Example.Com. ', 'postgres://db.example.com/postgres'],
    ['*.ci.example.com', 'amqps://a.b.ci.example.com'],
    ['8.8.8.8', 'redis://134744072'],
    ['2001:db8::1', 'redis://[2001:DB8:0::1]'],
    ['[2001:db8::1]', 'redis://[2001:db8::1]'],
    ['a.example,b.example', 'postgres://a.example/postgres?host=b.example'],
  ])('%s: %s is used', (hosts, url) => {
    allow(hosts);
    expect(refusal(url)).toBeUndefined();
  });

  test.each([
    ['db.example.com', 'postgres://db.example.com.evil.example/postgres'],
    ['db.example.com', 'postgres://xdb.example.com/postgres'],
    ['*.example.com', 'postgres://example.com/postgres'],
    ['*.example.com', 'postgres://xexample.com/postgres'],
    ['a.example', 'postgres://a.example/postgres?host=b.example'],
  ])('%s: %s is not', (hosts, url) => {
    allow(hosts);
    expect(refusal(url)).toMatchObject({
      code: 'HOST_REFUSED',
      hint: expect.stringContaining(`SEAMKIT_ALLOW_HOSTS=${hosts},`),
    });
  });

  test.each(['*', '*.', 'db.example.com:5432', 'postgres://db.example.com', 'a b'])(
    'lists %j: what it must be is said',
    (hosts) => {
      allow(hosts);
      expect(refusal('postgres://db.example.com/x')).toMatchObject({
        code: 'OPTION_INVALID',
        hint: expect.stringContaining('without protocol and port'),
      });
    },
  );
});

test('where NODE_ENV is production no external server is used, listed and local ones neither', () => {
  process.env.NODE_ENV = 'production';
  process.env.SEAMKIT_ALLOW_HOSTS = 'db.example.com';
  for (const host of ['localhost', '127.0.0.1', 'db.example.com']) {
    expect(refusal(`postgres://${host}/postgres`)).toMatchObject({
      code: 'HOST_REFUSED',
      hint: expect.stringContaining('NODE_ENV=test'),
    });
  }
});

describe('asked before anything is connected to', () => {
  // Reserved for documentation: nobody is there, should it be tried.
  const url = 'http://192.0.2.1:1';
  const connecting = jest.fn(() => Promise.reject(new Error('connected')));
  const external = (option?: string) => {
    const boundary = shelf({ url: option, runtime: 'external' });
    const kit = {
      ...boundary.kit,
      supports: { runtimes: ['external'] as const, prepare: true },
      driver: connecting,
    };
    return open({ it: { ...boundary, kit } as unknown as Boundary<object> });
  };
  afterEach(() => expect(connecting).not.toHaveBeenCalled());

  test('for the option url', async () => {
    await expect(external(url)).rejects.toMatchObject({ code: 'HOST_REFUSED' });
  });

  test('for the variable', async () => {
    process.env.SEAMKIT_SHELF_URL = url;
    await expect(external()).rejects.toMatchObject({ code: 'HOST_REFUSED' });
  });
});
