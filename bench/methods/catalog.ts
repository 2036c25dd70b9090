/** How a kernel is run: `count` calls of `main(n)` in one execution, each of which must give this checksum. */
export interface Form {
  readonly n: number;
  readonly count: number;
  readonly checksum: number;
}

/** `captured`: the long one, captured once soon after its start; its frames go on in their resume bodies, as after a move. */
export const formNames = ['short', 'long', 'captured'] as const;
export type FormName = (typeof formNames)[number];

export interface Kernel {
  /** Of its file in `kernels/`. */
  readonly name: string;
  /** Many short calls: what is measured is mostly how the functions begin and end. */
  readonly short: Form;
  /** One long call: it is replaced on the stack while it runs, and preempted several times. */
  readonly long: Form;
  /** The most that it may take, as a multiple of native. */
  readonly target: number;
  /** Whether it counts in the geometric mean. */
  readonly inMean: boolean;
}

const worstTarget = 1.5;

function kernel(
  name: string,
  short: readonly number[],
  long: readonly number[],
  own: Partial<Kernel> = {},
): Kernel {
  const form = ([n = 0, count = 0, checksum = 0]: readonly number[]): Form => ({ n, count, checksum });
  return { name, short: form(short), long: form(long), target: worstTarget, inMean: true, ...own };
}

/** For each kernel: n, calls and checksum of its short form and of its long one. */
export const kernels: readonly Kernel[] = [
  kernel('nested-loops', [60, 140, 199868400], [360, 1, -590634368]),
  kernel('fib', [18, 1000, 2584], [32, 1, 2178309]),
  kernel('strings', [2000, 400, -1079086235], [1500000, 1, -1047518187]),
  kernel('sieve', [20000, 250, 2262], [4000000, 1, 283146]),
  kernel('matmul', [48, 120, 13816], [240, 1, 345583]),
  kernel('list', [10000, 300, 49995000], [500000, 1, 445698416]),
  kernel('n-body', [200, 500, -523852], [40000, 1, -523857]),
  kernel('mandelbrot', [40, 300, -2085646173], [700, 1, 133113682]),
  kernel('towers', [9, 3000, 511], [21, 1, 2097151]),
  kernel('queens', [7, 900, 40], [12, 1, 14200]),
  kernel('permute', [7, 400, -1681936640], [10, 1, 531359104]),
  kernel('storage', [5, 800, 143283], [10, 1, 147728951]),
  kernel('bounce', [50, 1000, 1206], [30000, 1, 722967]),
  kernel('closures', [1000, 300, 936781077], [300000, 1, -777949548]),
  kernel('classes', [1000, 500, 645291], [500000, 1, 590949]),
  kernel('generators', [500, 320, 1579244374], [100000, 1, 1115956579], { target: 0.6 }),
  kernel('settled-awaits', [500, 1000, -1874445270], [500000, 1, 2086545424], { target: 1 }),
  kernel('async-chains', [5, 350, 10066], [2000, 1, 4008625]),
  kernel('async-generators', [300, 450, 1239861066], [120000, 1, 1811887064]),
  kernel('typed-arrays', [10, 200, -1093440226], [17, 1, 233842023]),
  kernel('words', [500, 120, -1773440394], [60000, 1, -351252258]),
  kernel('collections', [500, 80, -823239875], [10000, 1, 168569611]),
  kernel('exceptions', [100, 110, 3308], [8000, 1, 16401984], { target: 4, inMean: false }),
  kernel('distance', [60, 350, 32], [1300, 1, 688]),
  kernel('hash', [5000, 120, 1776021129], [750000, 1, 2218414745]),
  kernel('iteration', [100, 320, -447105197], [15000, 1, -1055287692]),
  kernel('callbacks', [1000, 300, -1916209355], [150000, 1, 1067802599]),
  kernel('constraints', [20, 700, 6083], [15000, 1, 1237421493]),
  kernel('scheduler', [1000, 200, -1939667770], [200000, 1, 2135301968]),
  kernel('json', [20, 160, -1159546342], [3000, 1, -1720078008]),
  kernel('collisions', [5, 300, 1337068967], [1200, 1, 433133297]),
  kernel('loop-finder', [30, 140, 883030185], [800, 1, -445256577]),
  kernel('ray-tracer', [16, 200, 1627704055], [240, 1, 1699567351]),
  kernel('splay', [200, 180, 1864441669], [40000, 1, 1382227998]),
  kernel('interpreter', [10, 220, 622300114], [23, 1, 622328716]),
  kernel('machine', [1000, 100, -1590058642], [100000, 1, -232893031]),
  kernel('digits', [60, 250, -1002471061], [800, 1, -256349376]),
];
