import { textHash } from '../../core/text-hash.ts';
import { candidateNames } from './candidates.ts';

/** Steps back whose value is a feature of its own. */
export const lags = [1, 2, 3, 4, 5, 6, 8, 12, 24, 48] as const;
/** Windows of steps, besides a day, over which means, deviations, extremes and quantiles are taken. */
export const meanWindows = [3, 6, 12, 24, 48] as const;
export const deviationWindows = [6, 24, 96] as const;
export const extremeWindows = [12, 48] as const;
export const quantileWindow = 48;
export const quantileLevels = [0.1, 0.5, 0.9] as const;
/** Steps around the same time of a day ago that tell where the day's profile goes. */
export const profileSteps = [-3, -1, 1, 3] as const;

/** Features of an origin, the same for each step ahead. */
export const originFeatureNames: readonly string[] = [
  'season',
  'daysSeen',
  'stepsSeen',
  'scaleLongToShort',
  'spread',
  ...lags.map((lag) => `lag${lag}`),
  ...meanWindows.map((window) => `mean${window}`),
  'meanDay',
  ...deviationWindows.map((window) => `deviation${window}`),
  'deviationDay',
  ...extremeWindows.flatMap((window) => [`least${window}`, `most${window}`]),
  ...quantileLevels.map((level) => `quantile${quantileWindow}at${level}`),
  ...quantileLevels.map((level) => `quantileDayAt${level}`),
  'placeInDay',
  'stillShare',
  'bottomShare',
  'turning',
  'dayShift',
  'weekShift',
  'arrivalsNow',
  'arrivalsRecent',
  'arrivalsTrend',
  'arrivalsDayShift',
];

/** Features of a step ahead. */
export const stepFeatureNames: readonly string[] = [
  'ahead',
  'aheadInDay',
  'blendToLast',
  ...candidateNames.map((name) => `${name}ToBlend`),
  ...candidateNames.map((name) => `${name}Error`),
  'blendError',
  'dayAgoChange',
  'twoDaysAgo',
  'twoDaysAgoChange',
  'weekAgoChange',
  ...profileSteps.map((step) => `profile${step}`),
  'profileMost',
  'timeOfDaySin',
  'timeOfDayCos',
  'dayOfWeek',
  'restDay',
];

export const originFeatureCount = originFeatureNames.length;
export const featureCount = originFeatureCount + stepFeatureNames.length;
export const featureNames: readonly string[] = [...originFeatureNames, ...stepFeatureNames];

/** Changes with any change of the features; raise the number when a feature comes to mean something else. */
export const layout = `1:${textHash(featureNames.join(' '))}`;
