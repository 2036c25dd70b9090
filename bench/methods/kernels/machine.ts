'use movable';

// A stack machine: an assembler, and an interpreter that is one loop around one switch.

type Operation =
  | 'push'
  | 'load'
  | 'store'
  | 'add'
  | 'sub'
  | 'mul'
  | 'less'
  | 'jump'
  | 'jumpIfZero'
  | 'call'
  | 'return'
  | 'halt';

interface Instruction {
  readonly operation: Operation;
  readonly operand: number;
}

/** Lines such as `load 0`; a label ends in a colon. */
function assemble(source: string): Instruction[] {
  const lines = source
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const labels = new Map<string, number>();
  let count = 0;
  for (const line of lines) {
    if (line.endsWith(':')) labels.set(line.slice(0, -1), count);
    else count++;
  }
  const program: Instruction[] = [];
  for (const line of lines) {
    if (line.endsWith(':')) continue;
    const [operation, operand = '0'] = line.split(' ');
    program.push({ operation: operation as Operation, operand: labels.get(operand) ?? Number(operand) });
  }
  return program;
}

function run(program: readonly Instruction[], input: number): number {
  const stack: number[] = [];
  const returns: number[] = [];
  const cells = new Int32Array(16);
  cells[0] = input;
  for (let at = 0; ;) {
    const { operation, operand } = program[at]!;
    at++;
    switch (operation) {
      case 'push':
        stack.push(operand);
        break;
      case 'load':
        stack.push(cells[operand]!);
        break;
      case 'store':
        cells[operand] = stack.pop()!;
        break;
      case 'add':
        stack.push((stack.pop()! + stack.pop()!) | 0);
        break;
      case 'sub': {
        const right = stack.pop()!;
        stack.push((stack.pop()! - right) | 0);
        break;
      }
      case 'mul':
        stack.push(Math.imul(stack.pop()!, stack.pop()!));
        break;
      case 'less': {
        const right = stack.pop()!;
        stack.push(stack.pop()! < right ? 1 : 0);
        break;
      }
      case 'jump':
        at = operand;
        break;
      case 'jumpIfZero':
        if (stack.pop() === 0) at = operand;
        break;
      case 'call':
        returns.push(at);
        at = operand;
        break;
      case 'return':
        at = returns.pop()!;
        break;
      case 'halt':
        return cells[1]!;
    }
  }
}

const source = `
  loop:
    load 2
    load 0
    less
    jumpIfZero end
    load 2
    call mix
    load 2
    push 1
    add
    store 2
    jump loop
  end:
    halt
  mix:
    load 1
    push 31
    mul
    add
    store 1
    load 1
    push 0
    less
    jumpIfZero done
    load 1
    push 7
    sub
    store 1
  done:
    return
`;

/** A program of n rounds. */
export function main(n: number): number {
  return run(assemble(source), n);
}
