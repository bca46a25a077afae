import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';

const root = join(__dirname, '../..');

/** What a new kit touches or builds upon. */
const parts = [
  ...['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', '.gitignore', 'LICENSE'],
  ...['README.md', 'biome.json', 'jest.preset.js', 'tsconfig.base.json', '.changeset'],
  ...['packages/core', 'packages/conformance', 'packages/kit-example', 'new-kit'],
  ...['test-run'],
  ...['docs/support.md', 'docs/package.json', 'consumers/package.json'],
];

/** A throw-away copy of the workspace, as far as new kits are concerned; built, not installed. */
export class WorkspaceCopy {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-new-kit-')));

  constructor() {
    for (const part of parts) {
      cpSync(join(root, part), join(this.folder, part), {
        recursive: true,
        preserveTimestamps: true, // else the build would begin anew
        filter: (path) => basename(path) !== 'node_modules',
      });
    }
    // Nothing here uses what else these depend on, and installing it takes its time.
    for (const path of ['docs/package.json', 'consumers/package.json']) {
      const manifest = JSON.parse(this.read(path));
      const present = /^@seamkit\/(core|conformance|kit-example)$/;
      manifest.devDependencies = Object.fromEntries(
        Object.entries(manifest.devDependencies).filter(([name]) => present.test(name)),
      );
      writeFileSync(join(this.folder, path), `${JSON.stringify(manifest, null, 2)}\n`);
    }
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** The files below a folder of the copy, and their texts. */
  files(folder = '.'): Map<string, string> {
    const inside = join(this.folder, folder);
    const paths = readdirSync(inside, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => !path.includes('/node_modules/'));
    return new Map(paths.map((path) => [relative(inside, path), readFileSync(path, 'latin1')]));
  }

  /** `pnpm new:kit …`, once compiled. */
  newKit(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return this.run(
      '.',
      [process.execPath, join(this.folder, 'new-kit/dist/main.js'), ...args],
      env,
    );
  }

  /** Runs a command in a folder of the copy to its end. */
  run(folder: string, [command, ...args]: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { status, stdout, stderr } = spawnSync(command!, args, {
      cwd: join(this.folder, folder),
      env: { ...process.env, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { status, output: stdout + stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
