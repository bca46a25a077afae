import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dockerType = 'application/vnd.docker';
const ownLayerSize = 8_000_000;

interface Blob {
  digest: string;
  content: Buffer;
}

/**
 * A registry on 127.0.0.1, which engines take without TLS. Whatever name is asked for, it has one
 * image, under the tag that is told: a copy of one of the engine's with a layer of its own that no
 * engine can have.
 */
export class Registry {
  /** `name:tag` of the images that were asked for. */
  readonly asked: string[] = [];
  /** Of the layer that no engine has, nothing but the first half goes out before this resolves. */
  held: Promise<unknown> = Promise.resolve();
  private readonly blobs = new Map<string, Blob>();
  private manifest: Buffer | undefined;
  private ownLayer: string | undefined;

  private constructor(
    private readonly server: Server,
    private readonly tag: string,
  ) {}

  static async start(tag: string): Promise<Registry> {
    const server = createServer();
    const registry = new Registry(server, tag);
    server.on('request', ({ url = '', method }, response) =>
      registry.answer(url, method === 'HEAD', response),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Fills it from an image of the engine. */
  offer(image: string): void {
    const folder = mkdtempSync(join(tmpdir(), 'seamkit-registry-'));
    try {
      execFileSync('docker', ['save', '--output', join(folder, 'image.tar'), image]);
      execFileSync('tar', ['-xf', 'image.tar'], { cwd: folder });
      const [{ Config, Layers }] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
      const layers = Layers.map((path: string) => this.add(readFileSync(join(folder, path))));
      const own = this.add(layerOfItsOwn(folder));
      this.ownLayer = own.digest;
      const config = JSON.parse(readFileSync(join(folder, Config), 'utf8'));
      config.rootfs.diff_ids.push(own.digest);
      config.history.push({ created: config.created, created_by: 'a layer of its own' });
      const type = `${dockerType}.image.rootfs.diff.tar`;
      this.manifest = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: `${dockerType}.distribution.manifest.v2+json`,
          config: described(
            this.add(JSON.stringify(config)),
            `${dockerType}.container.image.v1+json`,
          ),
          layers: [...layers, own].map((layer) => described(layer, type)),
        }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Forgets the layer that no engine has. */
  lose(): void {
    this.blobs.delete(this.ownLayer!);
  }

  private add(content: Buffer | string): Blob {
    const blob = { content: Buffer.from(content), digest: digestOf(content) };
    this.blobs.set(blob.digest, blob);
    return blob;
  }

  private async answer(url: string, head: boolean, response: ServerResponse): Promise<void> {
    const [, name, kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    if (!kind) return void response.end('{}');
    if (kind === 'manifests' && !reference!.startsWith('sha256:')) {
      this.asked.push(`${name}:${reference}`);
    }
    const there = kind === 'blobs' || reference === this.tag || reference!.startsWith('sha256:');
    const content = kind === 'blobs' ? this.blobs.get(reference!)?.content : this.manifest;
    if (!there || !content) {
      response.writeHead(404, { 'content-type': 'application/json' });
      const code = kind === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN';
      return void response.end(JSON.stringify({ errors: [{ code, message: 'manifest unknown' }] }));
    }
    response.writeHead(200, {
      'content-length': content.length,
      'docker-content-digest': digestOf(content),
      'content-type':
        kind === 'blobs'
          ? 'application/octet-stream'
          : `${dockerType}.distribution.manifest.v2+json`,
    });
    if (head) return void response.end();
    if (reference === this.ownLayer) {
      response.write(content.subarray(0, content.length / 2));
      await this.held;
      return void response.end(content.subarray(content.length / 2));
    }
    response.end(content);
  }
}

function layerOfItsOwn(folder: string): Buffer {
  const layer = join(folder, 'own');
  mkdirSync(join(layer, 'seamkit-test'), { recursive: true });
  writeFileSync(join(layer, 'seamkit-test', 'noise'), randomBytes(ownLayerSize));
  return execFileSync('tar', ['-cf', '-', '-C', layer, '.'], { maxBuffer: 2 * ownLayerSize });
}

function described({ content, digest }: Blob, mediaType: string) {
  return { mediaType, size: content.length, digest };
}

function digestOf(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
