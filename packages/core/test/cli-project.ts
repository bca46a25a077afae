import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

const packages = join(__dirname, '../..');
const homes = readdirSync(packages);
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
   * @param dependencies packages of this workspace, or any that one of them has installed
   * @param manifest more of package.json
   */
  constructor(dependencies: readonly string[], manifest: object = {}) {
    const devDependencies = Object.fromEntries(dependencies.map((name) => [name, '*']));
    this.write('package.json', JSON.stringify({ name: 'project', devDependencies, ...manifest }));
    for (const name of dependencies) this.install(name);
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** Links a package to where this workspace has it. */
  install(name: string): void {
    const own = name.startsWith('@seamkit/') && join(packages, name.slice('@seamkit/'.length));
    const places = [...homes, '..', '../docs'].map((home) =>
      join(packages, home, 'node_modules', name),
    );
    const from = own || places.find((path) => existsSync(path));
    if (!from) throw new Error(`no package of this workspace has ${name}`);
    this.place(realpathSync(from), join('node_modules', name));
  }

  /** Links a package of ours below a folder of the project. */
  link(name: string, folder: string): void {
    this.place(join(packages, name), join(folder, name));
  }

  private place(from: string, path: string): void {
    const place = join(this.folder, path);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(from, place);
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
