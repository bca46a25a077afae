import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { type Json, SeamkitError } from '@seamkit/core';

type Fields = { [name: string]: any };

/** What `docker compose config` makes of the files: variables filled in, paths absolute. */
export interface Project {
  services: { [name: string]: Fields };
  networks?: { [name: string]: Fields | null };
  volumes?: { [name: string]: Fields | null };
  [field: string]: Json | undefined | Fields;
}

/** What an image declares. */
export interface ImageFacts {
  /** TCP ports. */
  ports: number[];
  volumes: string[];
}

/** A TCP port, by where it was found: the file's come first, in its order. */
export interface ServicePorts {
  declared: number[];
  exposed: number[];
}

/**
 * Takes everything out of a project that two stacks of it would share, or that would outlive it:
 * names of containers, networks, volumes; addresses and subnets; restarts without end.
 * @throws SeamkitError `UNSUPPORTED`
 */
export function isolate(project: Project, directory: string): Project {
  const services = Object.entries(project.services).map(([name, service]) => [
    name,
    isolateService(name, service, project, directory),
  ]);
  const unnamed = (things: Project['volumes'] = {}) =>
    Object.fromEntries(
      Object.entries(things).map(([key, thing]) => {
        if (!thing || thing.external) return [key, thing];
        const { name, ipam, ...rest } = thing;
        return [key, ipam?.driver ? { ...rest, ipam: { driver: ipam.driver } } : rest];
      }),
    );
  const { name, ...rest } = project;
  return {
    ...rest,
    services: Object.fromEntries(services),
    networks: unnamed(project.networks),
    volumes: unnamed(project.volumes),
  };
}

function isolateService(
  name: string,
  service: Fields,
  project: Project,
  directory: string,
): Fields {
  const { container_name: alias, profiles, restart, deploy, networks, ...rest } = service;
  if (rest.network_mode === 'host') {
    throw new SeamkitError(
      'UNSUPPORTED',
      `service '${name}' uses the host's network, where its ports can collide`,
      {
        hint: 'take network_mode: host away, in a second file for tests if need be, and publish its ports',
      },
    );
  }
  return {
    ...rest,
    // A name of ours, so that what was built once is there for the next run.
    ...(rest.build && !rest.image && { image: builtImage(name, directory) }),
    ...(networks && { networks: reachable(networks, alias, project) }),
    ...(restart && { restart: endless.has(restart) ? 'on-failure' : restart }),
    ...(deploy && { deploy: finite(deploy) }),
  };
}

/** These come back after a reboot, when nobody is left to remove them. */
const endless = new Set(['always', 'unless-stopped', 'any']);

function finite(deploy: Fields): Fields {
  const policy = deploy.restart_policy;
  if (!policy || policy.condition === 'none') return deploy;
  return { ...deploy, restart_policy: { ...policy, condition: 'on-failure' } };
}

/** Without fixed addresses; under what was the container's name, since others may call it that. */
function reachable(networks: Fields, alias: string | undefined, project: Project): Fields {
  const entries = Object.entries(networks).map(([key, network]) => {
    const { ipv4_address, ipv6_address, link_local_ips, ...rest } = network ?? {};
    if (!alias || project.networks?.[key]?.external) return [key, rest];
    return [key, { ...rest, aliases: [...(rest.aliases ?? []), alias] }];
  });
  return Object.fromEntries(entries);
}

function builtImage(service: string, directory: string): string {
  const place = createHash('sha256').update(directory).digest('hex').slice(0, 8);
  const folder = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  return `seamkit-compose/${`${folder}-${service}`.replace(/^[-_.]+/, '').toLowerCase()}:${place}`;
}

/** The TCP ports of a service. */
export function portsOf(service: Fields, image: ImageFacts): ServicePorts {
  const declared = [
    ...(service.ports ?? [])
      .filter(({ protocol }: Fields) => protocol !== 'udp')
      .map(({ target }: Fields) => Number(target)),
    ...(service.expose ?? []).flatMap(range),
  ];
  return { declared: [...new Set(declared)], exposed: [...image.ports].sort((a, b) => a - b) };
}

/** `'8080'`, `'8080/tcp'`, `'8000-8003'`. */
function range(text: unknown): number[] {
  const [ports = '', protocol = 'tcp'] = String(text).split('/');
  if (protocol !== 'tcp') return [];
  const [from = 0, to = from] = ports.split('-').map(Number);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Every port published wherever there is room, on `address` if given; data that the host keeps left out. */
export function publish(service: Fields, image: ImageFacts, address: string | undefined): Fields {
  const { declared, exposed } = portsOf(service, image);
  const udp = (service.ports ?? []).filter(({ protocol }: Fields) => protocol === 'udp');
  const targets = [
    ...[...new Set([...declared, ...exposed])].map((target) => ({ target, protocol: 'tcp' })),
    ...udp.map(({ target }: Fields) => ({ target, protocol: 'udp' })),
  ];
  const volumes = (service.volumes ?? []).filter(
    ({ type, target, read_only }: Fields) =>
      // A server's data in a folder of the host would be shared by every stack, and with yourself.
      !(type === 'bind' && !read_only && image.volumes.includes(target)),
  );
  const ports = targets.map((port) => ({ ...port, ...(address && { host_ip: address }) }));
  return { ...service, volumes, ...(!service.network_mode && { ports }) };
}
