import Ajv from 'ajv';
import { Line, page } from '../../src/schema';

describe('a line of text', () => {
  const valid = new Ajv().compile(Line(10));

  test.each(['Ada', 'Ada Lovel.', 'Žofie', '艾达', '🙂'])('may be %j', (text) => {
    expect(valid(text)).toBe(true);
  });

  test.each(['', ' ', ' Ada', 'Ada\n', 'A\u0000', 'Ada Lovelace', 7])('may not be %j', (text) => {
    expect(valid(text)).toBe(false);
  });
});

describe('a page', () => {
  const rows = [{ id: 4 }, { id: 6 }, { id: 9 }];

  test('says where the next one begins', () => {
    expect(page(rows, { limit: 2, after: 0 })).toEqual({ items: [{ id: 4 }, { id: 6 }], next: 6 });
  });

  test('is the last when it holds all there is', () => {
    expect(page(rows, { limit: 3, after: 0 })).toEqual({ items: rows, next: null });
    expect(page([], { limit: 3, after: 9 })).toEqual({ items: [], next: null });
  });
});
