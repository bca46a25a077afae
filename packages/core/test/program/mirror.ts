import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A package of a mirror: a program that prints its version. */
export interface Offer {
  name: string;
  version: string;
  /** Says so in the lists instead of the truth. */
  size?: number;
  sha256?: string;
}

/** A small Debian archive over HTTP, and a system whose apt sources point to it. */
export interface Mirror {
  /** Root of a system: etc/os-release, etc/apt, the list of installed packages. */
  system: string;
  /** Paths of the requests so far. */
  requests: string[];
  /** Packages under way stop half-way and stay so, until released. */
  stall(): { reached: Promise<void>; release(): void };
  publish(suite: string, offers: readonly Offer[]): void;
  /** Changes a byte of a file, and no size. */
  tamper(path: string): void;
  /** Path of a suite's package list. */
  lists(suite: string): string;
  /** From now on the system does not take this archive on trust. */
  distrust(): void;
  /** Adds a detached signature to a suite's release. */
  sign(suite: string, signature: string): void;
  /** Takes a file away. */
  forget(path: string): void;
  close(): Promise<void>;
}

export async function startMirror(): Promise<Mirror> {
  const folder = mkdtempSync(join(tmpdir(), 'seamkit-mirror-'));
  const files = new Map<string, Buffer>();
  const requests: string[] = [];
  let stalled: { reach(): void; responses: ServerResponse[] } | undefined;

  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!);
    requests.push(path);
    const body = files.get(path);
    if (!body) return response.writeHead(404).end();
    response.writeHead(200, { 'content-length': body.length });
    if (!stalled || !path.endsWith('.deb')) return response.end(body);
    response.write(body.subarray(0, body.length / 2));
    stalled.responses.push(response);
    return stalled.reach();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const system = join(folder, 'system');
  mkdirSync(join(system, 'etc/apt'), { recursive: true });
  mkdirSync(join(system, 'var/lib/dpkg'), { recursive: true });
  writeFileSync(join(system, 'etc/os-release'), 'ID=debian\nVERSION_CODENAME="bookworm"\n');
  symlinkSync('/var/lib/dpkg/status', join(system, 'var/lib/dpkg/status'));
  const { port } = server.address() as AddressInfo;
  const source = (options: string) =>
    writeFileSync(
      join(system, 'etc/apt/sources.list'),
      `deb ${options}http://127.0.0.1:${port}/debian bookworm main\n`,
    );
  source('[trusted=yes] ');
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  const listPath = `main/binary-${architecture}/Packages`;

  return {
    system,
    requests,
    stall() {
      let reach!: () => void;
      const reached = new Promise<void>((resolve) => {
        reach = resolve;
      });
      const mine = { reach, responses: [] as ServerResponse[] };
      stalled = mine;
      return {
        reached,
        release() {
          stalled = undefined;
          for (const response of mine.responses) response.destroy();
        },
      };
    },
    publish(suite, offers) {
      const list = offers.map((offer) => {
        const deb = pack(folder, offer);
        const path = `pool/${offer.name}_${offer.version}_all.deb`;
        files.set(`/debian/${path}`, deb);
        return [
          ...control(offer),
          `Filename: ${path}`,
          `Size: ${offer.size ?? deb.length}`,
          `SHA256: ${offer.sha256 ?? sha256(deb)}`,
        ].join('\n');
      });
      const packages = Buffer.from(`${list.join('\n\n')}\n`);
      const release = [
        'Origin: Debian',
        `Suite: ${suite}`,
        `Codename: ${suite}`,
        `Date: ${new Date().toUTCString()}`,
        `Architectures: ${architecture}`,
        'Components: main',
        'SHA256:',
        ` ${sha256(packages)} ${packages.length} ${listPath}`,
      ];
      files.set(`/debian/dists/${suite}/${listPath}`, packages);
      files.set(`/debian/dists/${suite}/Release`, Buffer.from(`${release.join('\n')}\n`));
    },
    tamper(path) {
      const content = Buffer.from(files.get(path)!);
      content[content.length - 2]! ^= 1;
      files.set(path, content);
    },
    lists: (suite) => `/debian/dists/${suite}/${listPath}`,
    distrust: () => source(''),
    sign(suite, signature) {
      files.set(`/debian/dists/${suite}/Release.gpg`, Buffer.from(signature));
    },
    forget(path) {
      files.delete(path);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true });
    },
  };
}

function pack(folder: string, offer: Offer): Buffer {
  const root = join(folder, `${offer.name}-${offer.version}`);
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  writeFileSync(join(root, 'DEBIAN/control'), `${control(offer).join('\n')}\n`);
  const script = `#!/bin/sh\necho "${offer.name} v=${offer.version}"\n`;
  // Secret to its owner, as some packages ship theirs.
  writeFileSync(join(root, 'usr/bin', offer.name), script, { mode: 0o750 });
  writeFileSync(join(root, 'usr/bin/payload'), Buffer.alloc(200_000, offer.version));
  symlinkSync(`/usr/bin/${offer.name}`, join(root, 'usr/bin', `${offer.name}-link`));
  // Whatever the umask.
  for (const inside of ['.', 'DEBIAN', 'usr', 'usr/bin']) chmodSync(join(root, inside), 0o755);
  execFileSync('dpkg-deb', ['--build', '-Znone', '--root-owner-group', root, `${root}.deb`]);
  return readFileSync(`${root}.deb`);
}

function control({ name, version }: Offer): string[] {
  return [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: all',
    'Maintainer: Nobody <nobody@example.com>',
    'Description: prints its version',
  ];
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
