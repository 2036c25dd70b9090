export let count = 0;
export const names = new Map();

export function next(name) {
  for (let step = 0; step < 2; step += 1) count += 1;
  names.set(name, count);
  return count;
}
