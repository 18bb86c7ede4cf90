/** The environments that are production unless the configuration says otherwise. */
export const PRODUCTION_ENVIRONMENTS: readonly string[] = ['prod', 'production'];

/** Whether a namespace's environment (the value of `environmentLabel`, null without one) is production. */
export const isProduction = (
  environment: string | null,
  productionEnvironments: readonly string[],
): boolean => environment !== null && productionEnvironments.includes(environment);
