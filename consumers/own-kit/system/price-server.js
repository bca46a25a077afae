// The system: price lists over TCP. A line asks with a JSON array, a line answers.
// Environment: PRICES_PORT, PRICES_PASSWORD (the first element of each request).
const { createServer } = require('node:net');
const { createInterface } = require('node:readline');

const lists = new Map();

const commands = {
  lists: () => [...lists.keys()],
  put: (name, prices) => void lists.set(name, new Map(Object.entries(prices))),
  all: (name) => Object.fromEntries(lists.get(name) ?? []),
  drop: (name) => lists.delete(name),
  set: (name, product, price) => void lists.get(name).set(product, price),
  get: (name, product) => lists.get(name).get(product),
};

function answer(line) {
  try {
    const [password, command, ...args] = JSON.parse(line);
    if (password !== process.env.PRICES_PASSWORD) return { error: 'wrong password' };
    return { result: commands[command](...args) };
  } catch (error) {
    return { error: error.message };
  }
}

createServer((socket) => {
  socket.on('error', () => {});
  createInterface(socket).on('line', (line) => socket.write(`${JSON.stringify(answer(line))}\n`));
}).listen(Number(process.env.PRICES_PORT), '127.0.0.1');
