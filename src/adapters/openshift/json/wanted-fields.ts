import { z } from 'zod';

/** What to keep of a value: all of it, or these fields of an object or of each object in a list. */
export type WantedFields = 'all' | readonly WantedField[];

/** A field's name and what to keep of its value. */
export type WantedField = { readonly name: string; readonly wanted: WantedFields };

/** Reduces an object to what we keep of it, and the fields that `reduce` reads. */
export type Reduction<Slim> = {
  readonly fields: WantedFields;
  readonly reduce: (object: unknown) => Slim;
};

/**
 * The fields that a schema reads; everything where the schema does not spell them out. Keep `lists` whole where their
 * objects hold little else: picking fields from those takes longer than parsing them.
 */
export const wantedFieldsOf = (schema: z.core.$ZodType, lists: 'picked' | 'whole'): WantedFields => {
  if (schema instanceof z.ZodObject && schema.def.catchall === undefined)
    return Object.entries(schema.shape).map(([name, inner]) => ({
      name,
      wanted: wantedFieldsOf(inner, lists),
    }));
  if (schema instanceof z.ZodArray) return lists === 'whole' ? 'all' : wantedFieldsOf(schema.element, lists);
  const inner = innerOf(schema);
  return inner === null ? 'all' : wantedFieldsOf(inner, lists);
};

/** The schema inside one that only wraps it (optional, default, …); null for any other. */
const innerOf = (schema: z.core.$ZodType): z.core.$ZodType | null => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return schema.unwrap();
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodCatch) return schema.def.innerType;
  return schema instanceof z.ZodPipe ? schema.in : null;
};
