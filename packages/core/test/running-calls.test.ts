import { Project } from './project';

// Calls on what a test got that are still running when it ends.

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

test('are named with the test, once', async () => {
  project.file(
    'it.test.js',
    `const env = use({ it: shelf(), other: shelf() });
     const never = () => new Promise(() => {});
     test('waits for nobody', () => {
       for (let calls = 0; calls < 3; calls++) void env.it.wait(never());
     });
     test('waits', async () => {
       await Promise.all([env.it.wait(1), env.other.wait(delay(20))]);
       await env.it.wait(Promise.reject(new Error('it failed'))).catch(() => {});
       const failing = env.it.wait(Promise.reject(new Error('it failed')));
       await expect(failing).rejects.toThrow('it failed');
     });`,
  );
  const run = project.jest();
  expect(await run.ended).toBe(0);
  const warnings = run.output.split('\n').filter((line) => line.startsWith('seamkit '));
  expect(warnings).toEqual([
    'seamkit "waits for nobody" ended while it.wait() still ran: await each call in the test',
  ]);
});

test('one that fails, and that nobody waits for, is as unhandled as it was', async () => {
  project.file(
    'script.js',
    `const { open } = require(core);
     void open({ it: shelf() }).then((env) => {
       env.it.wait(Promise.reject(new Error('nobody handles this')));
     });`,
  );
  const run = project.node('script.js');
  expect(await run.ended).toBe(1);
  expect(run.output).toContain('nobody handles this');
});
