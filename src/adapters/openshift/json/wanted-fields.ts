import { z } from 'zod';

/** What is wanted of a value: all of it, or of an object, and of each object in a list, these members. */
export type Members = 'all' | readonly Member[];

/** A member by its name, and what is wanted of its value. */
export type Member = { readonly name: string; readonly wanted: Members };

/** How an object becomes what is kept of it, and the members that this looks at. */
export type Reduction<Slim> = {
  readonly members: Members;
  readonly reduce: (object: unknown) => Slim;
};

/**
 * The members that a schema looks at; all of whatever it does not spell out. `lists` are best left whole where the objects
 * in them hold little that is not wanted: to pick from those takes longer than to parse them.
 */
export const membersOf = (schema: z.core.$ZodType, lists: 'picked' | 'whole'): Members => {
  if (schema instanceof z.ZodObject && schema.def.catchall === undefined)
    return Object.entries(schema.shape).map(([name, inner]) => ({ name, wanted: membersOf(inner, lists) }));
  if (schema instanceof z.ZodArray) return lists === 'whole' ? 'all' : membersOf(schema.element, lists);
  const inner = innerOf(schema);
  return inner === null ? 'all' : membersOf(inner, lists);
};

/** The schema of what is given to one that only adds to it; null for any other. */
const innerOf = (schema: z.core.$ZodType): z.core.$ZodType | null => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return schema.unwrap();
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodCatch) return schema.def.innerType;
  return schema instanceof z.ZodPipe ? schema.in : null;
};
