// What publint and attw have to say about tarballs (the arguments), as JSON: lines by path. A
// process of its own, since both are ES modules.
import { readFile } from 'node:fs/promises';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const found = {};
for (const path of process.argv.slice(2)) {
  const data = await readFile(path);
  const tarball = new Uint8Array(data).buffer;
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
  const types = await checkPackage(createPackageFromTarballData(new Uint8Array(data)));
  found[path] = [
    ...messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`),
    ...(types.types ? types.problems : [{ kind: 'no types' }])
      // Resolution of before Node 12 knows no `exports`.
      .filter(({ resolutionKind }) => resolutionKind !== 'node10')
      .map((problem) => `attw: ${JSON.stringify(problem)}`),
  ];
}
console.log(JSON.stringify(found));
