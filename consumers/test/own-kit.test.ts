import { npm, Project } from './stranger';

test('a kit of somebody’s own, on the published packages alone, passes the published suite', async () => {
  const project = new Project('own-kit');
  try {
    await project.install(npm);
    const output = await project.run([...npm.script, 'test']);
    for (const runtime of ['process', 'external']) {
      expect(output).toContain(`prices conforms: ${runtime}`);
    }
    expect(output).toMatch(/ pass [3-9]\d\n\S+ fail 0\n\S+ cancelled 0\n\S+ skipped 0\n/);
  } finally {
    project.remove();
  }
}, 300_000);
