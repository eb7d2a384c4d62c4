// SPDX-License-Identifier: Apache-2.0
import winston from 'winston';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** The fields of one message: names, numbers, reasons. An Error is shown as its name, message and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Messages are constants, so that they can be searched for; everything that varies is a field. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every message. */
  with(fields: LogFields): Logger;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** The destination of the lines; standard output when absent. */
  readonly stream?: NodeJS.WritableStream;
}

/** Fields that are always redacted. */
const SECRET_FIELD = /password|secretdata|token|authorization|privatekey|credential/i;
const REDACTED = '[redacted]';
const MAX_CAUSES = 4;

/** A logger of JSON lines: `time`, `level`, `message` and the fields. */
export function createLogger(options: LoggerOptions): Logger {
  const { stream = process.stdout } = options;
  const winstonLogger = winston.createLogger({
    level: options.level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: winston.format.combine(winston.format.timestamp(), line()),
    transports: [new winston.transports.Stream({ stream })],
  });
  return wrap(winstonLogger, {});
}

function wrap(logger: winston.Logger, bound: LogFields): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      logger.log({ level, message, fields: { ...bound, ...fields } });
    };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    with: (fields) => wrap(logger, { ...bound, ...fields }),
  };
}

function line(): winston.Logform.Format {
  return winston.format.printf(({ level, message, timestamp, fields }) => {
    const given = typeof fields === 'object' && fields !== null ? Object.entries(fields) : [];
    const shown = given.map(([name, value]): [string, unknown] => [name, SECRET_FIELD.test(name) ? REDACTED : value]);
    try {
      return JSON.stringify({ time: timestamp, level, message, ...Object.fromEntries(shown) }, showErrors);
    } catch (error) {
      // A field that refers to itself must not cost the message, still less the caller.
      return JSON.stringify({ time: timestamp, level, message, unshown: String(error) });
    }
  });
}

function showErrors(_field: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? errorText(value, MAX_CAUSES) : value;
}

/** `KubeError: get secrets a/b: forbidden; because Error: …` */
function errorText(error: Error, causes: number): string {
  const text = `${error.name}: ${error.message}`;
  if (!(error.cause instanceof Error) || causes === 0) return text;
  return `${text}; because ${errorText(error.cause, causes - 1)}`;
}
