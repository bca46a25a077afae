const {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  symlink,
  writeFile,
} = require('node:fs/promises');
const { openSync } = require('node:fs');
const { join } = require('node:path');
const { files } = require('@seamkit/files');

const at = (folder, key) => join(folder, encodeURIComponent(key));

/** @type {import('@seamkit/conformance').Harness} */
module.exports = {
  kit: files,
  options: {},
  prepare: (entries) => ({
    prepare: async (folder) => {
      for (const [key, value] of Object.entries(entries)) await writeFile(at(folder, key), value);
    },
    key: JSON.stringify(entries),
  }),
  write: ({ path }, key, value) => writeFile(at(path, key), value),
  read: ({ path }, key) =>
    readFile(at(path, key), 'utf8').catch((error) => {
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    }),
  async changeShape({ path }, round) {
    const sub = join(path, `sub ${round}`);
    await mkdir(sub);
    await symlink('../kept', join(sub, 'link'));
    await link(at(path, 'kept'), join(sub, 'another name'));
    await chmod(at(path, 'kept'), round === 1 ? 0o600 : 0o400);
  },
  async describe({ path }) {
    const names = (await readdir(path, { recursive: true })).sort();
    return Promise.all(
      names.map(async (name) => {
        const { mode, nlink } = await lstat(join(path, name));
        return [name, mode, nlink];
      }),
    );
  },
  async leak({ path }) {
    openSync(join(path, 'never closed'), 'w');
  },
  refused: [
    { options: { nope: 1 }, code: 'OPTION_INVALID' },
    { options: { fixture: 7 }, code: 'OPTION_INVALID' },
    { options: { fixture: 'no/such/folder' }, code: 'OPTION_INVALID' },
    { options: { parent: __filename }, code: 'OPTION_INVALID' },
    { options: { prepare: 'fill.sh' }, code: 'OPTION_INVALID' },
  ],
};
