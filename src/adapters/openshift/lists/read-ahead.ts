/** Asks for one page of a list by its continue token; tells the next page's token, '' for none, as soon as it is known. */
type AskForPage<Answer> = (token: string, tellNext: (token: string) => void) => Promise<Answer>;

/**
 * Reads a list's pages one after the other, and asks for the one after that which is waited for while this still arrives:
 * the API makes the next page while we are busy with this one. No more than one page is ahead.
 */
export const createReadAhead = <Answer>(
  askForPage: AskForPage<Answer>,
): ((token: string) => Promise<Answer>) => {
  const asked = new Map<string, Promise<Answer>>();
  const nextOf = new Map<string, string>();
  let waitedFor: string | null = null;

  const ask = (token: string): Promise<Answer> => {
    const known = asked.get(token);
    if (known !== undefined) return known;
    const answer = askForPage(token, (next) => {
      nextOf.set(token, next);
      goAhead();
    });
    // Whoever waits for it hears of it; a page that nobody comes to may fail.
    answer.catch(() => {});
    asked.set(token, answer);
    return answer;
  };

  const goAhead = (): void => {
    const next = waitedFor === null ? undefined : nextOf.get(waitedFor);
    if (next) void ask(next);
  };

  return async (token) => {
    waitedFor = token;
    goAhead();
    try {
      return await ask(token);
    } finally {
      waitedFor = null;
      asked.delete(token);
      nextOf.delete(token);
    }
  };
};
