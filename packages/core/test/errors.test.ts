import { SeamkitError } from '@seamkit/core';

test('an error crosses processes as data', () => {
  const error = new SeamkitError('START_FAILED', 'redis did not start', {
    hint: 'look at the log',
    tried: ['redis-server --port 1'],
    log: ['out of memory'],
  });
  const copy = SeamkitError.fromData(JSON.parse(JSON.stringify(error.toData())));
  expect(copy).toBeInstanceOf(SeamkitError);
  expect(copy.message).toBe(error.message);
  expect(copy.message).toBe(
    'redis did not start [START_FAILED]\nTried:\n  - redis-server --port 1\nLast log lines:\n  | out of memory\nNext: look at the log',
  );
});
