import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { defineKit, open } from '@seamkit/core';
import { OwnModules } from '../dist/keeper/own-modules';
import { shelf } from './shelf/kit';
import { emptyWorkspace } from './workspace';

// What a keeper loads: code of its projects, and of what they depend on.

let folder: string;
let project: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-modules-')));
  project = join(folder, 'project');
  manifest('project');
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(path: string, text = ''): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}
const manifest = (path: string, fields: object = {}) =>
  file(join(path, 'package.json'), JSON.stringify(fields));
const link = (path: string, target: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  symlinkSync(join(folder, target), join(folder, path));
  return join(folder, path);
};
const resolve = (module: string, ...others: string[]) =>
  new OwnModules([project, ...others]).resolve(module);
const refused = expect.objectContaining({
  code: 'KIT_REFUSED',
  hint: expect.stringContaining('package.json'),
});

describe('is loaded', () => {
  test('a kit that lives in the workspace itself', () => {
    const module = file('project/packages/kit/dist/server.js');
    expect(resolve(module)).toBe(module);
  });

  test('a package that npm hoisted, and one in the store of pnpm, declared or not', () => {
    const hoisted = file('project/node_modules/kit/server.js');
    expect(resolve(hoisted)).toBe(hoisted);
    const store = 'project/node_modules/.pnpm/kit@1/node_modules/kit';
    const stored = file(join(store, 'server.js'));
    const linked = link('project/packages/shop/node_modules/kit', store);
    expect(resolve(join(linked, 'server.js'))).toBe(stored);
  });

  test.each(['project', 'project/packages/shop'])(
    'a dependency of %s that is linked from elsewhere',
    (home) => {
      manifest(home, { devDependencies: { '@our/kit': 'link:../..' } });
      const module = file('elsewhere/kit/dist/server.js');
      const linked = link(join(home, 'node_modules/@our/kit'), 'elsewhere/kit');
      expect(resolve(join(linked, 'dist/server.js'))).toBe(module);
      expect(resolve(module)).toBe(module);
    },
  );

  test('what such a dependency depends on', () => {
    manifest('project', { dependencies: { preset: '1' } });
    manifest('store/a/node_modules/preset', { dependencies: { kit: '1' } });
    link('project/node_modules/preset', 'store/a/node_modules/preset');
    const module = file('store/b/node_modules/kit/server.js');
    link('store/a/node_modules/kit', 'store/b/node_modules/kit');
    expect(resolve(module)).toBe(module);
  });

  test('what is hoisted above the workspace, where it is declared', () => {
    manifest('project', { dependencies: { kit: '1' } });
    const module = file('node_modules/kit/server.js');
    expect(resolve(module)).toBe(module);
  });

  test("code of the project that started the keeper, where the workspace is another's folder", () => {
    const module = file('other/kit/server.js');
    expect(resolve(module, join(folder, 'other'))).toBe(module);
  });
});

describe('is refused', () => {
  test.each([
    ['a file elsewhere', () => file('elsewhere/server.js')],
    ['one beside it, with a name that begins alike', () => file('project-2/server.js')],
    ['a file that is not there', () => join(project, 'server.js')],
    ['a way out', () => join(file('elsewhere/server.js'), '../../project/../elsewhere/server.js')],
    [
      'a link that leads out',
      () => {
        file('elsewhere/server.js');
        return link('project/server.js', 'elsewhere/server.js');
      },
    ],
    [
      'a package that is linked and not depended on',
      () => {
        file('elsewhere/kit/server.js');
        return join(link('project/node_modules/kit', 'elsewhere/kit'), 'server.js');
      },
    ],
    [
      "what only a dependency's own developers need",
      () => {
        manifest('project', { dependencies: { preset: '1' } });
        manifest('elsewhere/preset', { devDependencies: { kit: '1' } });
        link('project/node_modules/preset', 'elsewhere/preset');
        return file('elsewhere/node_modules/kit/server.js');
      },
    ],
  ])('%s', (_, make) => {
    const module = make();
    expect(() => resolve(module)).toThrow(refused);
  });
});

describe('a keeper', () => {
  emptyWorkspace();

  test.each(['process', 'external'] as const)(
    'does not run foreign code for a test that names it (%s)',
    async (runtime) => {
      const mark = join(folder, 'ran');
      const server = file(
        'elsewhere/server.js',
        `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '');`,
      );
      const foreign = defineKit({ ...(shelf().kit as any), server });
      const url = runtime === 'external' ? 'http://127.0.0.1:1' : undefined;
      await expect(open({ it: foreign({ runtime, url }) })).rejects.toEqual(refused);
      await using env = await open({ it: shelf() });
      expect(env.it.url).toContain('127.0.0.1');
      expect(() => realpathSync(mark)).toThrow('ENOENT');
    },
  );
});
