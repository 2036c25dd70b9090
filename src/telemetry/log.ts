import { pino } from 'pino';

/** How much a host says of itself. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** A host's log for its operators: one line of JSON per entry. */
export interface HostLog {
  error(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  info(fields: object, text: string): void;
  /** Writes out what still waits. */
  close(): void;
}

const standardError = 2;

/**
 * Writes are collected and leave the thread asynchronously: a slow terminal or disk never holds up a heartbeat.
 *
 * @param to a file descriptor
 */
export function openHostLog(level: LogLevel, base: object, to: number = standardError): HostLog {
  const destination = pino.destination({ dest: to, sync: false });
  const logger = pino({ level, base }, destination);
  return {
    error: (fields, text) => logger.error(fields, text),
    warn: (fields, text) => logger.warn(fields, text),
    info: (fields, text) => logger.info(fields, text),
    close: () => {
      try {
        destination.flushSync();
      } catch {
        // Its reader is gone: there is nobody left to tell.
      }
    },
  };
}
