// Kits that are broken on purpose. Each is the sound kit with one obligation of the contract not
// kept, and is named by what it does wrong.

/** Changes what the driver of a boundary does. */
const driver = (change) => (boundary) => ({
  kit: {
    ...boundary.kit,
    async driver(endpoint, options, ctx) {
      const sound = await boundary.kit.driver(endpoint, options, ctx);
      return { ...sound, ...change(sound, { endpoint, options, ctx }) };
    },
  },
});

/** Changes what an opened sandbox does. */
const opened = (change) =>
  driver((sound) => ({
    open: async (...args) => {
      const sandbox = await sound.open(...args);
      return { ...sandbox, ...change(sandbox) };
    },
  }));

const { caller } = require('../../core/test/shelf/kit');

function careless(boundary) {
  return { kit: { ...boundary.kit, server: require.resolve('./careless-server') } };
}

exports.mutants = {
  'resets nothing': opened(() => ({ reset: async () => {} })),
  'says that it undid something each time': opened(({ reset }) => ({
    reset: async () => {
      await reset({});
      return true;
    },
  })),
  'is replaced at every reset': opened(() => ({
    async reset() {
      throw new Error('broken');
    },
  })),
  'has another url after a reset': opened(({ members, reset }) => ({
    async reset() {
      await reset({});
      members.url += '?';
    },
  })),
  'leaves the shape of things': opened(({ members, reset }) => ({
    async reset() {
      const call = caller(members.url);
      const now = JSON.parse(await call('GET', ''));
      await reset({});
      for (const [key, value] of now) {
        if (key.startsWith('shape')) await call('PUT', `/${encodeURIComponent(key)}`, value);
      }
    },
  })),
  'undoes what hooks wrote': opened(({ reset }) => ({
    async setBaseline() {
      await reset({});
      return true;
    },
  })),
  'looks at each thing one by one': opened(({ members, reset }) => ({
    async reset() {
      await reset({});
      for (let key = 0; key < 10; key++) await caller(members.url)('GET', '');
    },
  })),
  'keeps the process alive': driver(() => {
    setInterval(() => {}, 1_000);
    return {};
  }),
  'resets by emptying': opened(({ members }) => ({
    async reset() {
      const call = caller(members.url);
      for (const [key] of JSON.parse(await call('GET', ''))) {
        await call('DELETE', `/${encodeURIComponent(key)}`);
      }
    },
  })),
  'stops resetting after 40 rounds': opened(({ reset }) => {
    let rounds = 0;
    return { reset: async () => (++rounds <= 40 ? reset({}) : undefined) };
  }),
  'gives everybody the same sandbox': driver((sound) => ({
    create: async (_id, template) =>
      sound.create({ name: 'seamkit_same_for_all' }, template).then(() => 'seamkit_same_for_all'),
  })),
  'trusts what the dead left': driver(() => ({ recover: async () => {} })),
  'trusts what the last file left': driver(() => ({ recover: async () => {} })),
  'prepares every time': (boundary) => ({ plan: { ...boundary.plan, baseline: Math.random() } }),
  'prepares only once for all inputs': (boundary) => ({
    plan: { ...boundary.plan, baseline: boundary.options.prepare ? 'the same' : undefined },
    options: { ...boundary.options, key: undefined },
  }),
  'swallows the error of prepare': driver((sound, { options }) => ({
    template: (id) =>
      sound.template(id).catch(() => {
        options.prepare = undefined;
        return sound.template(id);
      }),
  })),
  'leaves the template of a failing prepare': driver((_sound, { endpoint, options }) => ({
    template: async (id) => {
      await caller(endpoint.url)('PUT', `/${id.name}`);
      await options.prepare?.(`${endpoint.url}/${id.name}`);
      return id.name;
    },
  })),
  'destroys nothing': driver(() => ({ destroy: async () => {} })),
  'destroys no template': driver(() => ({ destroyTemplate: async () => {} })),
  'minds a second destroy': driver((_sound, { endpoint }) => ({
    destroy: (name) => caller(endpoint.url)('DELETE', `/${name}`),
  })),
  'starts a server for everybody': (boundary) => ({
    plan: {
      ...boundary.plan,
      settings: { ...boundary.plan.settings, setup: false, who: process.pid },
    },
  }),
  'sweeps nothing': (boundary) => ({
    kit: { ...boundary.kit, server: require.resolve('./unswept-server') },
  }),
  'sweeps the living': driver((_sound, { endpoint }) => ({
    async sweep() {
      const call = caller(endpoint.url);
      for (const name of JSON.parse(await call('GET', '/'))) await call('DELETE', `/${name}`);
    },
  })),
  'repeats the url in its errors': (boundary) => ({
    kit: {
      ...boundary.kit,
      driver: (endpoint, ...rest) =>
        boundary.kit.driver(endpoint, ...rest).catch((error) => {
          error.message += ` (${endpoint.url})`;
          throw error;
        }),
    },
  }),
  'starts off the leash': (boundary) => ({
    kit: { ...boundary.kit, server: require.resolve('./unleashed-server') },
  }),
  'listens on every interface': careless,
  'shows its password in the list of processes': careless,
  'opens a port that asks for no password': careless,
  'opens a unix socket that no folder guards': careless,
  'always has the same password': careless,
  'lets others into its folder': careless,
  'prints its password': driver((_sound, { endpoint }) => {
    console.error(`connected to ${endpoint.url}`);
    return {};
  }),
};
