import { join } from 'node:path';
import type { ProcessContext } from '@seamkit/core';
import { narrow, preload, record } from './erlang-scripts';
import { erlangEnvironment, type Installation } from './installation';
import { type Node, nodeArguments, nodeEnvironment, writeConfiguration } from './node';

/** To be raised when what the folder holds changes. */
const recipe = 9;

/**
 * A root folder of Erlang from which this RabbitMQ boots in a quarter of its time, made once and
 * kept in the cache: `lib`, `bin` and `erts-…` have only what RabbitMQ needs, and `data` is a
 * database that was initialised before. docs/boot.md has what each part gains.
 */
export function fastBoot(
  installation: Installation,
  plugins: readonly string[],
  ports: Pick<Node, 'amqp' | 'management'>,
  ctx: ProcessContext,
): Promise<string> {
  const { home, erlang, version } = installation;
  const key = { kit: 'rabbitmq', recipe, home, erlang, version, plugins: [...plugins] };
  return ctx.cached(key, `preparing RabbitMQ ${version} for fast starts`, async (out) => {
    const evaluate = async (
      expressions: string,
      args: readonly string[],
      env: Record<string, string>,
    ) => {
      const script = await ctx.file('script', expressions);
      const start = `case file:eval("${script}") of ok -> ok; Why -> io:format("~p~n", [Why]), halt(1) end.`;
      await ctx.run(installation.program('erlexec'), [...args, '-eval', start], {
        cwd: out,
        env: { ...env, SEAMKIT_OUT: out },
      });
    };
    const plainErlang = ['-noinput', '-boot', 'start_clean'];
    const environment = { ...erlangEnvironment(erlang, installation.programs), HOME: out };
    await evaluate(narrow, plainErlang, {
      ...environment,
      SEAMKIT_PLUGINS: join(home, 'plugins'),
      SEAMKIT_APPS: ['sasl', 'mnesia', 'rabbitmq_prelaunch', 'rabbit', ...plugins].join(','),
    });

    const folder = join(out, 'data');
    const node: Node = { ...ports, folder, root: out, plugins, boot: 'start_sasl' };
    const configuration = await writeConfiguration(node, { defaultPassword: ctx.secret() }, ctx);
    const bootEnvironment = nodeEnvironment(node, installation, configuration);
    await evaluate(record, nodeArguments(node), bootEnvironment);
    await evaluate(preload, plainErlang, environment);
    const leftovers = ['.erlang.cookie', 'log'].map((name) => join(folder, name));
    const rm = { ...installation.program('rm'), path: 'rm', env: undefined };
    await ctx.run(rm, ['-rf', ...leftovers]);
  });
}
