import { npm, Project, pnpm } from './stranger';

// The three projects, as their owners would have them: installed from the tarballs, and run.

const managers = { npm, pnpm };

const projects = {
  'jest-commonjs': /Tests: +4 passed, 4 total/,
  'vitest-esm': /Tests +4 passed \(4\)/,
  'node-test': / pass 5\n\S+ fail 0\n/,
};

// That other packages have install scripts is theirs to tell.
const complaint = /npm warn (?!install-scripts)|WARN|ERR/;

describe.each(Object.entries(projects))('%s', (name, passed) => {
  test.each(Object.entries(managers))(
    'with %s',
    async (_, manager) => {
      const project = new Project(name);
      try {
        expect(await project.install(manager)).not.toMatch(complaint);
        expect(await project.run([...manager.script, 'test'])).toMatch(passed);
      } finally {
        project.remove();
      }
    },
    300_000,
  );
});
