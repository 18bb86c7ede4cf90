import { expect, test } from 'vitest';
import { deliverySchema } from '../../../src/pipeline/records/delivery.ts';
import { deliveryOf } from '../build.ts';

test('a delivery that was stored before it said when it is tried again is still read', () => {
  const { nextTryAt: _, ...stored } = deliveryOf({ detail: '451 try later' });
  expect(deliverySchema.parse(stored)).toEqual(deliveryOf({ detail: '451 try later' }));
});
