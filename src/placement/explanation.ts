import type { Measure, RecordedAlternative, RecordOf } from './decision-record.ts';
import { amount } from './wording.ts';

/** Any decision's record, whatever it was made from: explanation needs only what all records share. */
export type AnyRecord = RecordOf<string, unknown, unknown>;

/** Alternatives that are told one by one; the rest are told together. */
const toldMax = 5;

/**
 * Explains a decision to somebody who knows nothing of it, with its numbers: what was moved and why, what the chosen
 * place promised, why the others lost, what was expected to come of it, and how far the record goes.
 *
 * @returns paragraphs, plain text
 */
export function explain(record: AnyRecord): readonly string[] {
  const { alternatives, measures, present, leftOut } = record;
  const chosen = alternatives.find(({ verdict }) => verdict === 'chosen');
  const lost = alternatives.filter(({ verdict }) => verdict === 'lost');
  const ruledOut = alternatives.filter(({ verdict }) => verdict === 'ruledOut');
  return [
    headline(record),
    `Where it was, ${placeText(present, measures)}`,
    ...(chosen === undefined
      ? []
      : [`Where it went, with it there: ${placeText(chosen, measures)} ${chosen.why}`]),
    ...lostTexts(lost, measures),
    ...ruledOutTexts(ruledOut),
    expectationText(record),
    ...(leftOut.text === '' ? [] : [leftOut.text]),
  ];
}

function headline({ subject, present, chosen, atWallMs, decider, text }: AnyRecord): string {
  const at = new Date(atWallMs).toISOString();
  return `${subject} was asked to move from ${present.place} to ${chosen} at ${at}, by ${decider}. The reason: ${text}.`;
}

function placeText({ place, scores }: RecordedAlternative, measures: readonly Measure[]): string {
  const told = measures.flatMap(({ name, text, unit }) => {
    const score = scores[name];
    return score === undefined ? [] : [`${text} ${amount(score, unit)}`];
  });
  return `${place}: ${told.join(', ')}.`;
}

function lostTexts(lost: readonly RecordedAlternative[], measures: readonly Measure[]): readonly string[] {
  if (lost.length === 0) return ['No other place could have taken it.'];
  const told = lost.slice(0, toldMax).map((one) => `- ${placeText(one, measures)} ${one.why}`);
  const rest = lost.length - told.length;
  return [
    `${lost.length === 1 ? 'One other place was' : `${lost.length} other places were`} compared, best first:`,
    ...told,
    ...(rest === 0 ? [] : [`- and ${rest} more, none better than these.`]),
  ];
}

/** Places that were ruled out for the same reason are told together. */
function ruledOutTexts(ruledOut: readonly RecordedAlternative[]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const { place, why } of ruledOut) byReason.set(why, [...(byReason.get(why) ?? []), place]);
  return [...byReason].map(([why, places]) => `Ruled out: ${listed(places)}. ${why}`);
}

function listed(places: readonly string[]): string {
  const rest = places.length - toldMax;
  return rest > 0 ? `${places.slice(0, toldMax).join(', ')} and ${rest} more` : places.join(', ');
}

function expectationText({ expected }: AnyRecord): string {
  const { benefitMs, pauseMs, bytes } = expected;
  return (
    `Expected: it stands still for ${amount(pauseMs, 'ms')} while ${amount(bytes, 'bytes')} are sent, and waits ` +
    `${amount(Math.abs(benefitMs), 'ms')} ${benefitMs < 0 ? 'more' : 'less'} over the rest of its work.`
  );
}
