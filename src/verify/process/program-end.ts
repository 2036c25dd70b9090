/** What the rest of a process needs to know when its program is over. */
export interface ProgramEnd {
  readonly exitCode: number;
  /** The rejection that nobody handled, or the error that nobody caught. */
  readonly unhandled: string | null;
}

/**
 * Ends the process when its program does: because it says so, because of an error that nobody caught, or because nothing
 * is left to do. The program's own `exit` listeners run first.
 *
 * @param isOver asked when the event loop is empty; false if the program goes on all the same
 * @returns a function that ends the program with an error that nobody handles
 */
export function endWithProgram(
  isOver: () => boolean,
  tell: (end: ProgramEnd) => void,
): (error: unknown) => void {
  let unhandled: string | null = null;
  const exit = process.exit.bind(process);
  // Without an argument the code is the one that the program has set.
  const leave = (...code: Parameters<typeof exit>): never => {
    // Added last, so that it runs after the listeners that the program has added.
    process.once('exit', (exitCode) => tell({ exitCode, unhandled }));
    return exit(...code);
  };
  process.exit = leave;
  const crash = (error: unknown): void => {
    unhandled = describeError(error);
    leave(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  process.on('beforeExit', () => {
    if (isOver()) leave();
  });
  return crash;
}

/** Constructor and message: what an error that nobody caught shows, stack aside. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error))
    return typeof error === 'symbol' ? String(error) : (JSON.stringify(error) ?? typeof error);
  return `${error.constructor.name}: ${error.message}`;
}
