/** Whether WebAssembly trapped (unreachable, out of bounds, out of stack): its instance may be damaged. */
export function isTrap(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === 'RuntimeError' || thrown instanceof RangeError);
}
