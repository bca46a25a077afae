// The kit of the tiny server: what every kit does, in the fewest lines.
const { defineKit, is, SeamkitError } = require('@seamkit/core');

exports.shelf = defineKit({
  kind: 'server',
  name: 'shelf',
  supports: { runtimes: ['process', 'external'], prepare: true },
  server: require.resolve('./server'),
  url: { protocols: ['http:'], like: 'http://user:password@127.0.0.1:8080' },
  options: {
    prepare: is.function,
    mood: is.string,
    setup: is.boolean,
    exclusive: is.boolean,
    spares: is.count,
    spend: is.boolean,
    trouble: is.function,
  },
  plan: ({ mood = null, setup = null, prepare, exclusive, spares }) => ({
    settings: { mood, setup },
    baseline: prepare,
    exclusive,
    spares,
  }),
  async driver(endpoint, options, ctx) {
    const call = caller(endpoint.url);
    await call('GET', '/').catch((error) => {
      throw SeamkitError.wrap(error, 'SERVER_UNREACHABLE', 'no shelves there', {
        hint: 'start them',
      });
    });
    const url = (name) => `${endpoint.url}/${name}`;
    const items = async (name) => new Map(JSON.parse(await call('GET', `/${name}`)));
    const restore = async (name, before) => {
      const now = await items(name);
      const added = [...now.keys()].filter((key) => !before.has(key));
      const changed = [...before].filter(([key, value]) => now.get(key) !== value);
      for (const key of added) await call('DELETE', `/${name}/${key}`);
      for (const [key, value] of changed) await call('PUT', `/${name}/${key}`, value);
      return added.length + changed.length > 0;
    };
    const drop = (name) => call('DELETE', `/${name}`).catch(() => {});
    return {
      async template({ name }) {
        await call('PUT', `/${name}`);
        try {
          if (options.prepare)
            await ctx.prepare((signal) => options.prepare(url(name), { signal }));
        } catch (error) {
          await drop(name);
          throw error;
        }
        return name;
      },
      async create({ name }, template) {
        await options.trouble?.('create', name);
        await call('PUT', `/${name}`, template);
        return name;
      },
      async open(name, template) {
        await options.trouble?.('open', name);
        let baseline = await items(template);
        return {
          members: { url: url(name), name, wait: async (work) => work },
          async reset() {
            await options.trouble?.('reset', name);
            const undone = await restore(name, baseline);
            return options.spend ? 'spent' : undone;
          },
          async setBaseline() {
            const now = await items(name);
            const moved = JSON.stringify([...now]) !== JSON.stringify([...baseline]);
            baseline = now;
            return moved;
          },
          async close() {},
        };
      },
      recover: async (name, template) => void (await restore(name, await items(template))),
      async hasTemplate(name) {
        return JSON.parse(await call('GET', '/')).includes(name);
      },
      destroy: drop,
      destroyTemplate: drop,
      async sweep(ended) {
        const names = JSON.parse(await call('GET', '/'));
        const over = names.filter((name) => name.startsWith(`seamkit_${ended}_`));
        await Promise.all(over.map(drop));
        return over;
      },
      close: async () => options.trouble?.('disconnect', ''),
    };
  },
});

/** A client: fetch with the url's password. */
function caller(base) {
  const { origin, password, pathname } = new URL(base);
  return async (method, path, body) => {
    const response = await fetch(`${origin}${pathname === '/' ? '' : pathname}${path}`, {
      method,
      body,
      headers: { authorization: password, connection: 'close' },
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
    return response.text();
  };
}
exports.caller = caller;
