import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { PaymentsConfig } from '../config';

/** The provider asks whoever has the same key for the same charge, and makes it once. */
export interface Charge {
  key: string;
  amountCents: number;
  /** What the provider knows the customer's card by; never its number. */
  card: string;
}

export type Outcome =
  | { charged: true }
  | { charged: false; because: string }
  /** Too many requests: this one was not looked at. An earlier one with its key may have been. */
  | { busy: true; retryAfter: string }
  /** It may have been made or not. */
  | { unknown: Error };

export interface PaymentProvider {
  charge(charge: Charge): Promise<Outcome>;
}

const Declined = Type.Object({ error: Type.Object({ code: Type.String() }) });

export function connectPayments({ url, key, timeout }: PaymentsConfig): PaymentProvider {
  return {
    async charge({ key: idempotencyKey, amountCents, card }) {
      try {
        const response = await fetch(new URL('/v1/charges', url), {
          method: 'POST',
          headers: {
            authorization: `Bearer ${key}`,
            'content-type': 'application/json',
            'idempotency-key': idempotencyKey,
          },
          body: JSON.stringify({ amount: amountCents, currency: 'eur', card }),
          signal: AbortSignal.timeout(timeout),
        });
        const answer = await response.text();
        if (response.status === 201) return { charged: true };
        if (response.status === 429) {
          return { busy: true, retryAfter: response.headers.get('retry-after') ?? '1' };
        }
        if (response.status === 402) {
          return { charged: false, because: Value.Parse(Declined, JSON.parse(answer)).error.code };
        }
        return { unknown: new Error(`the payment provider answered ${response.status}`) };
      } catch (error) {
        return { unknown: error as Error };
      }
    },
  };
}
