// What services do with files, and what they get for it: here in the test's process, where the kit
// makes the faults, and in a process of its own (`node operations.cjs PARENT`) where the kernel does.
const fs = require('node:fs');
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');

const callback = (name, ...args) =>
  new Promise((resolve, reject) =>
    fs[name](...args, (error, value) => (error ? reject(error) : resolve(value))),
  );

/** The folder holds `file` (text), `folder/inner` (text) and `link` to `file`. */
const operations = {
  'readFile sync': (at) => fs.readFileSync(at('file')),
  'readFile callback': (at) => callback('readFile', at('file')),
  'readFile promise': (at) => fs.promises.readFile(at('file')),
  'open to read': (at) => fs.closeSync(fs.openSync(at('file'), 'r')),
  'open r+': (at) => fs.closeSync(fs.openSync(at('file'), 'r+')),
  'open a handle': async (at) => (await fs.promises.open(at('file'), 'a')).close(),
  'read stream': async (at) => {
    for await (const _ of fs.createReadStream(at('file')));
  },
  'write stream': (at) => pipeline(Readable.from(['x']), fs.createWriteStream(at('file'))),
  'writeFile sync': (at) => fs.writeFileSync(at('file'), 'x'),
  'writeFile promise': (at) => fs.promises.writeFile(at('file'), 'x'),
  'writeFile of a new one': (at) => fs.writeFileSync(at('new'), 'x'),
  'appendFile callback': (at) => callback('appendFile', at('file'), 'x'),
  truncate: (at) => fs.truncateSync(at('file'), 0),
  'truncate what is not there': (at) => fs.truncateSync(at('none'), 0),
  'copyFile to': (at) => fs.copyFileSync(__filename, at('copy')),
  'copyFile from': (at) => fs.promises.copyFile(at('file'), at('copy')),
  mkdir: (at) => fs.mkdirSync(at('made')),
  'mkdir what is there': (at) => fs.mkdirSync(at('folder')),
  'mkdir recursive': (at) => fs.mkdirSync(at('folder'), { recursive: true }),
  readdir: (at) => fs.promises.readdir(at('folder')),
  opendir: async (at) => (await fs.promises.opendir(at('folder'))).close(),
  'stat inside': (at) => fs.statSync(at('folder/inner')),
  'stat itself': (at) => fs.statSync(at('folder')),
  'read inside': (at) => fs.readFileSync(at('folder/inner')),
  'write inside': (at) => fs.writeFileSync(at('folder/inner'), 'x'),
  'new inside': (at) => fs.writeFileSync(at('folder/new'), 'x'),
  'unlink inside': (at) => fs.unlinkSync(at('folder/inner')),
  'rename inside': (at) => fs.renameSync(at('folder/inner'), at('folder/outer')),
  unlink: (at) => fs.promises.unlink(at('file')),
  rename: (at) => callback('rename', at('file'), at('renamed')),
  rm: (at) => fs.rmSync(at('file')),
  symlink: (at) => fs.symlinkSync('target', at('new link')),
  link: (at) => fs.linkSync(at('file'), at('hard link')),
  readlink: (at) => fs.readlinkSync(at('link')),
  chmod: (at) => fs.chmodSync(at('file'), 0o600),
  utimes: (at) => fs.utimesSync(at('file'), 1, 1),
  'access R_OK': (at) => fs.promises.access(at('file'), fs.constants.R_OK),
  'access W_OK': (at) => fs.accessSync(at('file'), fs.constants.W_OK),
  existsSync: (at) => {
    if (!fs.existsSync(at('folder/inner'))) throw new Error('does not exist');
  },
};

function build(folder) {
  fs.writeFileSync(`${folder}/file`, 'text');
  fs.mkdirSync(`${folder}/folder`);
  fs.writeFileSync(`${folder}/folder/inner`, 'text');
  fs.symlinkSync('file', `${folder}/link`);
}

/** What each operation says: `ok`, or the error's parts; paths as seen from the folder. */
async function outcomes(folder, names = Object.keys(operations)) {
  const plain = (text) => text?.replaceAll(`${folder}/`, '').replaceAll(__filename, 'this file');
  const found = {};
  for (const name of names) {
    try {
      await operations[name]((path) => `${folder}/${path}`);
      found[name] = 'ok';
    } catch (error) {
      const { code, errno, syscall, message, path, dest } = error;
      found[name] = {
        code,
        errno,
        syscall,
        message: plain(message),
        path: plain(path),
        dest: plain(dest),
      };
    }
  }
  return found;
}

module.exports = { build, operations, outcomes };

// Each operation in a folder as new, since some change it: PARENT holds one for each, by its name.
async function main(parent) {
  const found = {};
  for (const name of fs.readdirSync(parent)) {
    Object.assign(found, await outcomes(`${parent}/${name}`, [name]));
  }
  process.stdout.write(JSON.stringify(found));
}

if (require.main === module) main(process.argv[2]);
