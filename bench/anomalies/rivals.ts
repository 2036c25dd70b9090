/** Finds anomalies in a series, one value after the other. @returns their indices */
export type Detect = (values: readonly number[]) => readonly number[];

/**
 * What people use: a value beyond `z` standard deviations of the mean over a sliding window, silent for as many values
 * after an alarm as the project's own detector.
 */
export function slidingGaussian(windowLength: number, z: number, quietLength: number): Detect {
  return (values) => {
    const found: number[] = [];
    let sum = 0;
    let squares = 0;
    values.forEach((value, index) => {
      const held = Math.min(index, windowLength);
      if (held >= windowLength / 4) {
        const mean = sum / held;
        const deviation = Math.sqrt(Math.max(0, squares / held - mean ** 2));
        const isQuiet = index - (found.at(-1) ?? -Infinity) <= quietLength;
        if (!isQuiet && Math.abs(value - mean) > z * Math.max(deviation, 0.01 * Math.abs(mean)))
          found.push(index);
      }
      const leaving = index >= windowLength ? (values[index - windowLength] ?? 0) : 0;
      sum += value - leaving;
      squares += value ** 2 - leaving ** 2;
    });
    return found;
  };
}
