import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { manifest, packages, tarball } from './published';

/** What is typed to install a project, and to run one of its scripts. */
export interface Manager {
  install: string[];
  script: string[];
}

export const npm: Manager = {
  install: ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund'],
  script: ['npm', 'run'],
};

export const pnpm: Manager = {
  install: ['npx', '-y', 'pnpm@10', 'install', '--prefer-offline'],
  script: ['npx', '-y', 'pnpm@10', 'run'],
};

/**
 * A project on a stranger's machine: outside of this workspace, with nothing of its settings,
 * programs and packages.
 */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-consumer-')));

  /** A copy of one of `consumers/`, or an empty project. */
  constructor(source?: string) {
    chmodSync(this.folder, 0o755); // a server that root starts has another user, who looks in
    if (source) {
      cpSync(join(__dirname, '..', source), this.folder, {
        recursive: true,
        filter: (path) => basename(path) !== 'node_modules',
      });
    } else {
      writeFileSync(join(this.folder, 'package.json'), '{ "private": true }');
    }
  }

  /**
   * Installs what the project's manifest and `more` name: our packages from their tarballs, the
   * rest from the registry.
   */
  async install({ install }: Manager, more: Record<string, string> = {}): Promise<string> {
    const path = join(this.folder, 'package.json');
    const { dependencies, devDependencies, ...rest } = manifest(this.folder);
    const ours = packed();
    const fromTarballs = (wanted: Record<string, string> = {}) =>
      Object.fromEntries(
        Object.entries(wanted).map(([name, version]) => [name, ours[name] ?? version]),
      );
    writeFileSync(
      path,
      JSON.stringify({
        ...rest,
        dependencies: fromTarballs({ ...dependencies, ...more }),
        devDependencies: fromTarballs(devDependencies),
        // A kit depends on core, which is in no registry yet.
        pnpm: { overrides: ours },
      }),
    );
    return this.run(install);
  }

  /**
   * Types `npm install` with these names: our packages come from their tarballs, the rest as npm
   * chooses today, for the Node that runs this.
   */
  add(names: readonly string[]): Promise<string> {
    const ours = packed();
    const [command, verb] = npm.install;
    const wanted = names.map((name) => ours[name] ?? name);
    return this.run([command!, verb!, '--save-dev', '--no-audit', '--no-fund', ...wanted]);
  }

  /** Runs a command to its end. Rejects with its output where it fails. */
  run([command, ...args]: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    return run(this.folder, command!, args, env);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Where npm and pnpm find our packages, by name. */
function packed(): Record<string, string> {
  return Object.fromEntries(
    packages().map(({ name, folder }) => [name, `file:${tarball(folder)}`]),
  );
}

/** Runs a command in a stranger's environment. Resolves to its output, rejects with it. */
export function run(
  cwd: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...strangersEnv(), ...env }, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, options, (error, stdout, stderr) => {
      const output = stdout + stderr;
      if (error) reject(new Error(`${command} ${args.join(' ')}: ${error.code}\n${output}`));
      else resolve(output);
    });
  });
}

/**
 * What package managers and runners tell their children is no stranger's: npm would warn of pnpm's
 * settings, pnpm would keep to CI's, Jest would think itself a worker. How the registry is reached stays.
 */
function strangersEnv(): NodeJS.ProcessEnv {
  const ours =
    /^(npm_(?!config_)|pnpm_|turbo_|jest_|ci$|init_cwd$|node_(?!extra_ca_certs$)|force_color$|seamkit_(?!cache$|runtime$))/i;
  const theirs = Object.entries(process.env).filter(([name]) => !ours.test(name));
  const path = process.env.PATH!.split(delimiter).filter((one) => !one.includes('node_modules'));
  return { ...Object.fromEntries(theirs), PATH: path.join(delimiter), NO_COLOR: '1' };
}
