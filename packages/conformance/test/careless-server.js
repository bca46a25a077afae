// The tiny server, started with one carelessness: the one that MUTANT names.
const { chmodSync } = require('node:fs');
const { server } = require('../../core/test/shelf/server');

const carelessness = {
  'listens on every interface': (ctx) => ({
    async spawn(node, ...rest) {
      await ctx.spawn(node, ['-e', "require('node:net').createServer().listen(0, '0.0.0.0')"]);
      return ctx.spawn(node, ...rest);
    },
  }),
  'shows its password in the list of processes': (ctx) => ({
    spawn: (node, args, options) => ctx.spawn(node, [...args, options.env.SHELF_PASSWORD], options),
  }),
  'opens a port that asks for no password': (ctx) => ({
    async spawn(node, ...rest) {
      const open =
        "require('node:http').createServer((_, to) => to.end('all keys')).listen(0, '127.0.0.1')";
      await ctx.spawn(node, ['-e', open]);
      return ctx.spawn(node, ...rest);
    },
  }),
  'opens a unix socket that no folder guards': (ctx) => ({
    async spawn(node, ...rest) {
      const open = "require('node:net').createServer().listen('\\0seamkit-' + process.pid)";
      await ctx.spawn(node, ['-e', open]);
      return ctx.spawn(node, ...rest);
    },
  }),
  'always has the same password': () => ({ secret: () => 'correct-horse-battery' }),
  'lets others into its folder': (ctx) => ({
    async folder() {
      const path = await ctx.folder();
      chmodSync(path, 0o755);
      return path;
    },
  }),
}[process.env.MUTANT];

module.exports = {
  server: {
    process: (request, ctx) => server.process(request, { ...ctx, ...carelessness(ctx) }),
  },
};
