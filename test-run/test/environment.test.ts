import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testUnless } from '../dist/unless';

// In processes of their own: what they are given is what they were started with.

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'seamkit hostile-'));
  writeFileSync(
    join(home, '.npmrc'),
    [
      'no-such-key=true',
      'save-exact=true',
      'ignore-scripts=true',
      'registry=https://registry.example.test/',
      '@mine:registry=https://mine.example.test/',
      'cafile=/nowhere/ca.pem',
    ].join('\n'),
  );
  mkdirSync(join(home, 'work'));
  mkdirSync(join(home, 'hooks'));
  writeFileSync(join(home, 'hooks/pre-commit'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  writeFileSync(
    join(home, '.gitconfig'),
    `[commit]\n  gpgsign = true\n[gpg]\n  program = false\n[core]\n  hooksPath = ${join(home, 'hooks')}\n`,
  );
});
afterEach(() => rmSync(home, { recursive: true }));

/** What a shell prints in the environment that the tests have where the user's is hostile. */
function tell(script: string, env: NodeJS.ProcessEnv = {}): string {
  const program = `
    const { ownConfiguration } = require(${JSON.stringify(require.resolve('../dist/environment'))});
    ownConfiguration(process.env);
    ownConfiguration(process.env); // as in a package's tests within a whole run
    require('node:child_process').execFileSync('sh', ['-ec', ${JSON.stringify(script)}], { stdio: 'inherit' });`;
  const { PATH } = process.env;
  const options = {
    cwd: join(home, 'work'),
    env: { PATH, HOME: home, ...env },
    encoding: 'utf8',
  } as const;
  return execFileSync(process.execPath, ['-e', `${program} 0`], { ...options, stdio: 'pipe' });
}

test('npm is told how the registry is reached, and nothing else', () => {
  const told = tell('npm config list 2>&1', {
    npm_config_save_prefix: '~',
    NPM_CONFIG_HTTPS_PROXY: 'http://proxy.example.test/',
  });
  expect(told).toContain('registry = "https://registry.example.test/"');
  expect(told).toContain('@mine:registry = "https://mine.example.test/"');
  expect(told).toContain('cafile = "/nowhere/ca.pem"');
  expect(told).toContain('https-proxy = "http://proxy.example.test/"');
  expect(told).not.toMatch(/warn|no-such-key|save-exact|ignore-scripts|save-prefix/);
});

const noGit = spawnSync('git', ['--version']).error && 'git is missing';

testUnless(noGit)('git commits, whatever the user wants of commits', () => {
  const author = '-c user.name=Ann -c user.email=ann@example.org';
  const told = tell(
    `git init -q . && git ${author} commit -q --allow-empty -m First && git log --format=%s`,
    { GIT_DIR: '/nowhere' },
  );
  expect(told).toBe('First\n');
});

test('children print no colours', () => {
  const colours =
    'node -e "console.log(require(\'node:tty\').WriteStream.prototype.getColorDepth())" 2>&1';
  expect(tell(colours, { FORCE_COLOR: '3' })).toBe('1\n');
});
