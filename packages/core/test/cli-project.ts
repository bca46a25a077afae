import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

const packages = join(__dirname, '../..');
const command = join(__dirname, '../bin/seamkit.js');

/** What a command left. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A user's project outside of this workspace, with the workspace's packages installed. */
export class CliProject {
  /** Path of the command, run by Node. */
  readonly command = command;
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-cli-')));

  /**
   * @param dependencies names: kits of ours, or clients by the kit that has them, `pg@postgres`
   * @param manifest more of package.json
   */
  constructor(dependencies: readonly string[], manifest: object = {}) {
    const names = dependencies.map((name) => name.replace(/(?<=.)@[\w./-]+$/, ''));
    const devDependencies = Object.fromEntries(names.map((name) => [name, '*']));
    this.write('package.json', JSON.stringify({ name: 'project', devDependencies, ...manifest }));
    for (const [index, name] of names.entries()) {
      const owner = dependencies[index]!.slice(name.length + 1);
      this.install(
        name,
        name.startsWith('@seamkit/')
          ? join(packages, name.slice('@seamkit/'.length))
          : owner
            ? join(packages, owner, 'node_modules', name)
            : join(packages, '../node_modules', name),
      );
    }
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  install(name: string, from: string): void {
    const place = join(this.folder, 'node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(realpathSync(from), place);
  }

  /** Installs a package of somebody else's that says it is a kit; `module` exports the factory. */
  thirdParty(name: string, factory: string, module: string): void {
    const manifest = { name, version: '1.2.3', seamkit: { kit: factory } };
    this.write(`node_modules/${name}/package.json`, JSON.stringify(manifest));
    this.write(
      `node_modules/${name}/index.js`,
      `module.exports = require(${JSON.stringify(module)});`,
    );
  }

  /** Runs `seamkit` here to its end. */
  async seamkit(args: string, env: Record<string, string> = {}): Promise<Ended> {
    return ended(this.start(args, env));
  }

  start(args: string, env: Record<string, string> = {}): ChildProcess {
    return this.spawn(process.execPath, [command, ...args.split(' ')], env);
  }

  /** Runs anything here to its end. */
  async run(file: string, args: readonly string[], env: Record<string, string> = {}) {
    return ended(this.spawn(file, args, env));
  }

  async remove(): Promise<void> {
    await this.seamkit('down');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private spawn(file: string, args: readonly string[], env: Record<string, string>): ChildProcess {
    const inherited = Object.entries(process.env).filter(
      ([name]) =>
        !/^(FORCE_COLOR|JEST_|NODE_ENV|NODE_OPTIONS|NODE_TEST_|SEAMKIT_WORKSPACE)/.test(name),
    );
    return spawn(file, args, {
      cwd: this.folder,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

async function ended(child: ChildProcess): Promise<Ended> {
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  return { code: await code, stdout, stderr };
}
