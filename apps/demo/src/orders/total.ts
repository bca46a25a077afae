import type { Order, OrderItem } from './schema';

/** One item per product. */
export function mergeItems(items: OrderItem[]): OrderItem[] {
  const quantities = new Map<number, number>();
  for (const { productId, quantity } of items) {
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  }
  return [...quantities].map(([productId, quantity]) => ({ productId, quantity }));
}

export function orderTotal(items: Order['items']): number {
  return items.reduce((total, item) => total + item.quantity * item.unitPriceCents, 0);
}
