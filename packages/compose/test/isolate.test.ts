import { isolate, type Project, portsOf, publish } from '../dist/isolate';

// From what `docker compose config` prints to what two stacks can run side by side.

const image = { ports: [6379], volumes: ['/data'] };

function isolated(service: object, project: Partial<Project> = {}) {
  const whole = { name: 'shop', services: { one: { image: 'a', ...service } }, ...project };
  return isolate(whole as Project, '/srv/My Shop');
}

test('names of containers, networks, volumes and of the project are left out', () => {
  const project = isolated(
    { container_name: 'the-one', networks: { inside: { ipv4_address: '172.30.0.2' } } },
    {
      networks: { inside: { name: 'fixed', ipam: { config: [{ subnet: '172.30.0.0/16' }] } } },
      volumes: { data: { name: 'fixed', driver: 'local' } },
    },
  );
  expect(project).toEqual({
    services: { one: { image: 'a', networks: { inside: { aliases: ['the-one'] } } } },
    networks: { inside: {} },
    volumes: { data: { driver: 'local' } },
  });
});

test("networks and volumes that are somebody else's stay as they are", () => {
  const theirs = { name: 'theirs', external: true };
  const project = isolated(
    { container_name: 'the-one', networks: { theirs: { aliases: ['a'] } } },
    { networks: { theirs }, volumes: { theirs } },
  );
  expect(project.networks).toEqual({ theirs });
  expect(project.volumes).toEqual({ theirs });
  expect(project.services.one!.networks).toEqual({ theirs: { aliases: ['a'] } });
});

test.each([
  ['always', 'on-failure'],
  ['unless-stopped', 'on-failure'],
  ['on-failure:3', 'on-failure:3'],
  ['no', 'no'],
])('restart %s becomes %s, since nothing may come back after a reboot', (before, after) => {
  expect(isolated({ restart: before }).services.one!.restart).toBe(after);
});

test('deploy.restart_policy too', () => {
  const policy = (condition?: string) =>
    isolated({ deploy: { restart_policy: { condition, delay: '1s' } } }).services.one!.deploy
      .restart_policy.condition;
  expect([policy('any'), policy(), policy('none')]).toEqual(['on-failure', 'on-failure', 'none']);
});

test('what was built without a name gets one that stays the same', () => {
  const build = { context: '/srv/My Shop' };
  const first = isolated({ image: undefined, build }).services.one!.image;
  expect(first).toMatch(/^seamkit-compose\/my-shop-one:[0-9a-f]{8}$/);
  expect(isolated({ image: undefined, build }).services.one!.image).toBe(first);
  expect(isolated({ image: 'mine', build }).services.one!.image).toBe('mine');
});

test("the host's network is refused", () => {
  expect(() => isolated({ network_mode: 'host' })).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED' }),
  );
});

test('ports are published wherever there is room', () => {
  const service = {
    ports: [
      { target: 80, published: '8080', protocol: 'tcp', host_ip: '0.0.0.0', mode: 'ingress' },
      { target: 53, published: '53', protocol: 'udp' },
    ],
    expose: ['9000-9001', '80', '514/udp'],
  };
  expect(portsOf(service, image)).toEqual({ declared: [80, 9000, 9001], exposed: [6379] });
  expect(publish(service, image, '127.0.0.1').ports).toEqual([
    { target: 80, protocol: 'tcp', host_ip: '127.0.0.1' },
    { target: 9000, protocol: 'tcp', host_ip: '127.0.0.1' },
    { target: 9001, protocol: 'tcp', host_ip: '127.0.0.1' },
    { target: 6379, protocol: 'tcp', host_ip: '127.0.0.1' },
    { target: 53, protocol: 'udp', host_ip: '127.0.0.1' },
  ]);
  expect(publish({ expose: ['1'] }, image, undefined).ports[0]).toEqual({
    target: 1,
    protocol: 'tcp',
  });
  expect(publish({ network_mode: 'none' }, image, undefined)).not.toHaveProperty('ports');
});

test("a server's data in a folder of the host is not used; scripts and read-only folders are", () => {
  const kept = [
    { type: 'bind', source: '/srv/init', target: '/init' },
    { type: 'bind', source: '/srv/data', target: '/data', read_only: true },
    { type: 'volume', source: 'data', target: '/data' },
  ];
  const data = { type: 'bind', source: '/srv/data', target: '/data' };
  expect(publish({ volumes: [data, ...kept] }, image, undefined).volumes).toEqual(kept);
});
