/** What a receipt tells. */
export interface Receipt {
  orderId: number;
  customer: string;
  lines: { product: string; quantity: number; unitPriceCents: number }[];
  totalCents: number;
}

export function renderReceipt({ orderId, customer, lines, totalCents }: Receipt): string {
  return [
    `Receipt for order ${orderId}`,
    customer,
    '',
    ...lines.map(
      ({ product, quantity, unitPriceCents }) =>
        `${quantity} x ${product} at ${money(unitPriceCents)}: ${money(quantity * unitPriceCents)}`,
    ),
    '',
    `Total: ${money(totalCents)}`,
    '',
  ].join('\n');
}

/** Without floating point: 10 cents are 0.10. */
function money(cents: number): string {
  return `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}
