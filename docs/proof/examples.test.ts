import { rmSync } from 'node:fs';
import { examples, write } from './examples';
import { emptyFolder, type } from './shell';

// What a reader would do who has the page's packages: write the section's files, type its commands.

const here = examples().filter(({ installs }) => installs.length === 0);

test.each(here.map((example) => [example.title, example] as const))('%s', (title, example) => {
  const folder = emptyFolder(title.toLowerCase().replace(/[^a-z0-9]+/g, '-'));
  write(example, folder);
  expect(example.commands).not.toEqual([]);
  for (const command of example.commands) {
    const { status, stdout, stderr } = type(command, folder);
    if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
    expect(stdout + stderr).not.toMatch(/Tests: +0|^# pass 0/m);
  }
  rmSync(folder, { recursive: true });
});
