import { z } from 'zod';
import { reportSchema } from '../src/pipeline/records/report.ts';

/** The JSON Schema (draft 2020-12) of what `quotagram report --output json` prints. */
export const createReportSchema = (): object => {
  const { $schema, ...schema } = z.toJSONSchema(reportSchema);
  return { $schema, title: 'Quotagram report', ...schema };
};
