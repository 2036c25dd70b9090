'use movable';

export function main(): void {
  for (;;);
}
