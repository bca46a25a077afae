import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { testUnless } from '@seamkit/test-run';
import { Clone } from './clone';
import { kits } from './published';
import { type Job, jobsOf } from './recipe';
import { noEngine, startServices } from './services';
import { npm, Project } from './stranger';

// The recipes of docs/ci, run: their env, their services and their scripts, in a project of a
// stranger's that has a lock file as a checkout has.

const projects = new Map<string, Promise<Project>>();

afterAll(async () => {
  for (const project of projects.values()) (await project).remove();
});

/** A checkout: nothing is installed yet. */
function checkout(name: string): Promise<Project> {
  const made = projects.get(name) ?? locked(name);
  projects.set(name, made);
  return made;
}

async function locked(name: string): Promise<Project> {
  const project = new Project(name);
  await project.install({ ...npm, install: [...npm.install, '--package-lock-only'] });
  return project;
}

/** Runs a job's scripts to their end. Rejects where one fails. */
async function runJob({ services, env, scripts }: Job, project: Project): Promise<string> {
  const servers = await startServices(services, env);
  try {
    let output = '';
    for (const script of scripts) {
      output += await project.run(['bash', '-e', '-o', 'pipefail', '-c', script], {
        CI: 'true',
        npm_config_prefer_offline: 'true',
        ...servers.env,
      });
    }
    return output;
  } finally {
    await servers.stop();
  }
}

test.each(['github.yml', 'gitlab.yml'])(
  '%s: without services',
  async (recipe) => {
    const project = await checkout('node-test');
    const jobs = jobsOf(recipe, { CI_PROJECT_DIR: project.folder });
    expect(jobs.length).toBe(1);
    expect(await runJob(jobs[0]!, project)).toMatch(/ pass 5\n\S+ fail 0\n/);
  },
  300_000,
);

testUnless(noEngine(), 'container').each(['github-services.yml', 'gitlab-services.yml'])(
  '%s: on servers that run already',
  async (recipe) => {
    const project = await checkout('node-test');
    const jobs = jobsOf(recipe, { CI_PROJECT_DIR: project.folder });
    expect(jobs[0]!.services.map(({ image }) => image.split(':')[0])).toEqual([
      'postgres',
      'redis',
    ]);
    expect(await runJob(jobs[0]!, project)).toMatch(/ pass 5\n\S+ fail 0\n/);
  },
  300_000,
);

test.each([
  ['github-shards.yml', 'jest-commonjs', /PASS (\S+\.test\.ts)/g],
  ['gitlab-shards.yml', 'vitest-esm', /✓ (\S+\.test\.ts)/g],
])(
  '%s: every test file in one shard, none in two',
  async (recipe, name, passed) => {
    const project = await checkout(name);
    const jobs = jobsOf(recipe, { CI_PROJECT_DIR: project.folder });
    expect(jobs.length).toBe(2);
    const files: string[][] = [];
    for (const job of jobs) {
      // The cache is there already, as it is after a first run.
      const { SEAMKIT_CACHE: _, ...env } = job.env;
      const output = await runJob({ ...job, env }, project);
      files.push([...output.matchAll(passed)].map(([, file]) => file!));
    }
    expect(files.map(({ length }) => length)).toEqual([1, 1]);
    const all = readdirSync(join(project.folder, 'test')).filter((file) => file.includes('.test.'));
    expect(files.flat().sort()).toEqual(all.map((file) => `test/${file}`).sort());
  },
  300_000,
);

test.each(['github-affected.yml', 'gitlab-affected.yml'])(
  '%s: a change in one kit is tested with its dependents, and nothing else',
  async (recipe) => {
    const clone = await Clone.make();
    try {
      const base = await clone.git('rev-parse', 'HEAD');
      appendFileSync(join(clone.folder, 'packages/redis/src/index.ts'), '// changed\n');
      const head = await clone.commit();
      const [job] = jobsOf(recipe, {
        CI_PROJECT_DIR: clone.folder,
        CI_MERGE_REQUEST_DIFF_BASE_SHA: base,
        CI_COMMIT_SHA: head,
        'github.event.pull_request.base.sha': base,
        'github.sha': head,
      });
      // Not what the recipe installs, but the turbo of this workspace; and it only tells.
      const [command] = job!.scripts.join('\n').match(/(?<=pnpm@10 turbo ).+$/)!;
      const answer = await clone.bin('turbo', [...command.split(' '), '--dry=json'], job!.env);
      const { tasks } = JSON.parse(
        answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1),
      ) as { tasks: { task: string; package: string }[] };
      const tested = tasks.filter(({ task }) => task === 'test').map((one) => one.package);
      expect(tested).toEqual(expect.arrayContaining(['@seamkit/redis', '@seamkit/demo']));
      // Compose's own tests have a service that is Redis.
      const others = ['core', ...kits().filter((kit) => !['redis', 'compose'].includes(kit))];
      expect(tested.filter((name) => others.includes(name.replace('@seamkit/', '')))).toEqual([]);
    } finally {
      clone.remove();
    }
  },
);
