import { readFileSync } from 'node:fs';

/** One sentence of a protocol's document, and its proof. */
export interface Transition<State, Event> {
  readonly from: string;
  readonly state: State;
  readonly on: string;
  readonly event: Event;
  /** The next phase, then what is done, in order. */
  readonly to: string;
  readonly effects: string;
}

export function transition<State extends { readonly phase: string }, Event>(
  state: State,
  on: string,
  event: Event,
  to: string,
  effects: string,
): Transition<State, Event> {
  return { from: state.phase, state, on, event, to, effects };
}

/** The cells of the transition table in a protocol's document, one row as `phase | event | next | effects`. */
export function documentedRows(protocol: string, heading: string): string[] {
  const text = readFileSync(new URL(`../../docs/protocols/${protocol}.md`, import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
        .join(' | '),
    );
}

export function rowOf(row: Transition<unknown, unknown>): string {
  return [row.from, row.on, row.to, row.effects === '' ? '–' : row.effects].join(' | ');
}

interface Described {
  readonly kind: string;
  readonly answer?: { readonly kind: string };
  readonly message?: { readonly kind: string };
  readonly ask?: { readonly kind: string };
  readonly outcome?: string | { readonly kind: string };
  readonly timer?: string;
}

/** Effects as the documents name them: `save, send resume, start resume timer`. */
export function described(effects: readonly Described[]): string {
  return effects.map(describe).join(', ');
}

function describe(effect: Described): string {
  if (effect.kind === 'startTimer') return `start ${effect.timer ?? ''} timer`;
  if (effect.kind === 'askOwnership') return `ask ${words(effect.ask?.kind ?? '')}`;
  const detail = effect.answer ?? effect.message ?? effect.outcome;
  if (detail === undefined) return words(effect.kind);
  return `${words(effect.kind)} ${words(typeof detail === 'string' ? detail : detail.kind)}`;
}

function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
