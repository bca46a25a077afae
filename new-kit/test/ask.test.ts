import { PassThrough } from 'node:stream';
import { askFor } from '../dist/ask';

/** Answers each question in turn, as it is asked; tells what was said. */
async function dialogue(given: Parameters<typeof askFor>[0], answers: string[]) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = new PassThrough();
  let said = '';
  output.on('data', (text) => {
    said += text;
    if (/[?)] $/.test(said)) input.write(`${answers.shift()}\n`);
  });
  return { wishes: await askFor(given, input, output), said, left: answers };
}

test('asks for what is not given; an empty answer is the default', async () => {
  const { wishes, said, left } = await dialogue({}, ['object-store', '', 'a bucket']);
  expect(wishes).toEqual({ name: 'object-store', title: 'Object Store', sandbox: 'a bucket' });
  expect(said).toContain('(Object Store)');
  expect(left).toEqual([]);
});

test('asks again after an answer that makes no sense', async () => {
  const { wishes, said } = await dialogue({ sandbox: 'a bucket' }, ['Nope', 'nats', 'NATS']);
  expect(wishes).toEqual({ name: 'nats', title: 'NATS', sandbox: 'a bucket' });
  expect(said).toContain("'Nope' is no name for a kit");
});

test('asks nothing where all is given', async () => {
  const all = { name: 'nats', title: 'NATS', sandbox: 'an account' };
  expect(await askFor(all, new PassThrough(), new PassThrough())).toEqual(all);
});
