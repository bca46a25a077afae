// A server module that knows no kit to sweep with.
const { server } = require('../../core/test/shelf/server');

module.exports = { server: { ...server, boundary: undefined } };
