import { pino } from 'pino';

/** How much a host says of itself. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** A host's log for its operators: one line of JSON per entry. */
export interface HostLog {
  error(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  info(fields: object, text: string): void;
  /** Settled when all of it is written, in order, or its reader is gone. What comes later is dropped. */
  close(): Promise<void>;
}

const standardError = 2;

/**
 * Writes are collected and leave the thread asynchronously: a slow terminal or disk never holds up a heartbeat.
 *
 * @param to a file descriptor; closed with the log, standard output and error excepted
 */
export function openHostLog(level: LogLevel, base: object, to: number = standardError): HostLog {
  const destination = pino.destination({ dest: to, sync: false });
  const logger = pino({ level, base }, destination);
  let open = true;
  // A full disk loses entries, and no host ends for that. A reader that is gone does not come back.
  destination.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') open = false;
  });
  const entry =
    (severity: 'error' | 'warn' | 'info') =>
    (fields: object, text: string): void => {
      if (open) logger[severity](fields, text);
    };
  return {
    error: entry('error'),
    warn: entry('warn'),
    info: entry('info'),
    // Not `flushSync`, which would overtake the entry that is just being written.
    close: async () => {
      if (!open) return;
      open = false;
      await new Promise<void>((resolve) => {
        destination.once('close', resolve);
        destination.once('error', () => resolve());
        destination.end();
      });
    },
  };
}
