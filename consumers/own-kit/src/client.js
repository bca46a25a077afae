const { connect } = require('node:net');
const { createInterface } = require('node:readline');

/**
 * Asks the price server once. `url`: `prices://:password@host:port/list`.
 * @param {string} url
 * @param {string} command
 * @param {...unknown} args
 * @returns {Promise<any>}
 */
exports.ask = (url, command, ...args) => {
  const { hostname, port, password } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', reject);
    createInterface(socket).once('line', (line) => {
      socket.end();
      const { result, error } = JSON.parse(line);
      if (error) reject(new Error(error));
      else resolve(result);
    });
    socket.write(`${JSON.stringify([password, command, ...args])}\n`);
  });
};

/** The list that a url names. */
exports.listOf = (/** @type {string} */ url) => new URL(url).pathname.slice(1);
