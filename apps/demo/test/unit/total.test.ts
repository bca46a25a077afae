import { mergeItems, orderTotal } from '../../src/orders/total';

test('an order costs what its items cost', () => {
  expect(
    orderTotal([
      { productId: 1, quantity: 2, unitPriceCents: 1999 },
      { productId: 2, quantity: 1, unitPriceCents: 500 },
    ]),
  ).toBe(4498);
  expect(orderTotal([])).toBe(0);
});

test('the same product twice is one item', () => {
  expect(
    mergeItems([
      { productId: 7, quantity: 1 },
      { productId: 3, quantity: 2 },
      { productId: 7, quantity: 4 },
    ]),
  ).toEqual([
    { productId: 7, quantity: 5 },
    { productId: 3, quantity: 2 },
  ]);
});
