import { renderReceipt } from '../../src/receipts/receipt';

test('a receipt adds up', () => {
  const text = renderReceipt({
    orderId: 7,
    customer: 'Ada Lovelace',
    lines: [
      { product: 'Teapot', quantity: 1, unitPriceCents: 1999 },
      { product: 'Cup', quantity: 3, unitPriceCents: 5 },
    ],
    totalCents: 2014,
  });

  expect(text).toBe(`Receipt for order 7
Ada Lovelace

1 x Teapot at 19.99: 19.99
3 x Cup at 0.05: 0.15

Total: 20.14
`);
});
