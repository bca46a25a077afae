import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './published';

/** One job of a CI system, as its recipe in `docs/ci` describes it. */
export interface Job {
  services: Service[];
  env: Record<string, string>;
  /** Shell scripts, each in a shell of its own. */
  scripts: string[];
}

export interface Service {
  /** The name that its neighbours reach it by; undefined where its ports are the machine's own. */
  alias?: string;
  image: string;
  env: Record<string, string>;
  ports: number[];
  /** What `docker run` is told besides. */
  options: string;
}

/** What the CI system knows and a recipe asks for: `github.sha`, `CI_PROJECT_DIR`, … */
export type Facts = Record<string, string>;

/** The jobs of a recipe, one for each cell of its matrix. */
export function jobsOf(recipe: string, facts: Facts): Job[] {
  const text = readFileSync(join(root, 'docs/ci', recipe), 'utf8');
  return recipe.startsWith('github') ? githubJobs(text, facts) : gitlabJobs(text, facts);
}

// Steps of others, which this machine's own Node and working folder stand in for.
const actions = /^actions\/(checkout|setup-node|cache)@v\d+$/;

function githubJobs(text: string, facts: Facts): Job[] {
  return Object.values<any>(parse(text).jobs).flatMap((job) => {
    const [[dimension, cells] = ['', ['']]] = Object.entries<any[]>(job.strategy?.matrix ?? {});
    return cells.map((cell) => {
      const known: Facts = {
        ...facts,
        [`matrix.${dimension}`]: String(cell),
        'strategy.job-total': String(cells.length),
      };
      const strange = job.steps.filter(({ run, uses }: any) => !run && !actions.test(uses));
      if (strange.length) throw new Error(`no stand-in for ${JSON.stringify(strange)}`);
      return {
        services: Object.values<any>(job.services ?? {}).map(({ image, env, ports, options }) => ({
          image,
          env: env ?? {},
          ports: ports.map((port: string) => Number(port.split(':').at(-1))),
          options: options ?? '',
        })),
        env: filled(job.env, /\$\{\{ *(.+?) *\}\}/g, known),
        scripts: job.steps.flatMap(({ run }: any) =>
          run ? Object.values(filled({ run }, /\$\{\{ *(.+?) *\}\}/g, known)) : [],
        ),
      };
    });
  });
}

const defaultPorts: Record<string, number> = { postgres: 5432, redis: 6379 };

function gitlabJobs(text: string, facts: Facts): Job[] {
  return Object.values<any>(parse(text)).flatMap((job) =>
    Array.from({ length: job.parallel ?? 1 }, (_, index) => {
      const variables = filled(job.variables, /\$(CI_\w+)/g, facts);
      return {
        // A service is told all variables, and has the ports that its image exposes.
        services: (job.services ?? []).map(({ name, alias }: any) => ({
          alias,
          image: name,
          env: variables,
          ports: [defaultPorts[alias]!],
          options: '',
        })),
        env: {
          ...variables,
          ...(job.parallel && {
            CI_NODE_INDEX: String(index + 1),
            CI_NODE_TOTAL: String(job.parallel),
          }),
        },
        // One shell for all lines; what GitLab checks out, everybody may write to.
        scripts: [['umask 0000', ...job.script].join('\n')],
      };
    }),
  );
}

/** `values` with each name that `pattern` finds replaced by what is known. */
function filled(
  values: Record<string, unknown> = {},
  pattern: RegExp,
  facts: Facts,
): Record<string, string> {
  const fill = (text: string) =>
    text.replace(pattern, (_, name) => {
      const fact = facts[name];
      if (fact === undefined) throw new Error(`the recipe asks for ${name}`);
      return fact;
    });
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, fill(String(value))]),
  );
}
