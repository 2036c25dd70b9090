/** Hosts are named by their place in the scenario, from 0. */
export type HostIndex = number;

/** Whom a fault that waits for a phase strikes: the host that has entered it, or another one. */
export type Victim = 'self' | HostIndex;

/** Roles whose actors a fault may kill; their supervisors start them again. */
export const killedRoles = ['ownership', 'executions', 'checkpoints', 'migrations', 'lease'] as const;

/** What goes wrong. Times in ms of the world; ratios in [0, 1]. */
export type Mishap =
  /** The process dies at once, and is started again under its name, as a new incarnation. */
  | { readonly kind: 'crash'; readonly host: Victim; readonly restartMs: number }
  /** SIGSTOP: the clocks go on, nothing of the process does. */
  | { readonly kind: 'pause'; readonly host: Victim; readonly forMs: number }
  /** The machine sleeps: its monotonic clock stands still, its boot clock goes on. */
  | { readonly kind: 'suspend'; readonly host: Victim; readonly forMs: number }
  /** The thread of the actors is stuck, and the lanes run on. */
  | { readonly kind: 'stall'; readonly host: Victim; readonly forMs: number }
  /** The thread of the actors gets a small part of the time only. */
  | { readonly kind: 'slow'; readonly host: Victim; readonly forMs: number }
  /** Nothing passes from this host to the other one, nor back unless it is one way. */
  | {
      readonly kind: 'cut';
      readonly host: Victim;
      readonly other: HostIndex;
      readonly oneWay: boolean;
      readonly forMs: number;
    }
  /** Nothing passes between this host and all others, the store too. */
  | { readonly kind: 'isolate'; readonly host: Victim; readonly forMs: number }
  | { readonly kind: 'cutStore'; readonly host: Victim; readonly forMs: number }
  | { readonly kind: 'loss'; readonly ratio: number; readonly forMs: number }
  | { readonly kind: 'duplication'; readonly ratio: number; readonly forMs: number }
  | { readonly kind: 'reordering'; readonly ratio: number; readonly forMs: number }
  /** Connections break, with what is on its way. */
  | { readonly kind: 'breaks'; readonly ratio: number; readonly forMs: number }
  | { readonly kind: 'latency'; readonly maxMs: number; readonly forMs: number }
  /** No call takes effect until it is over. */
  | { readonly kind: 'storeStall'; readonly forMs: number }
  /** Calls happen or not, now or later, and are told of or not. */
  | { readonly kind: 'storeFailover'; readonly forMs: number }
  | { readonly kind: 'fullDisk'; readonly forMs: number }
  | { readonly kind: 'tornWrites'; readonly ratio: number; readonly forMs: number }
  /** The wall clock steps. */
  | { readonly kind: 'clockJump'; readonly host: Victim; readonly byMs: number }
  /** The machine's clocks run at another rate. */
  | { readonly kind: 'drift'; readonly host: Victim; readonly rate: number; readonly forMs: number }
  | { readonly kind: 'laneDeath'; readonly host: Victim }
  | { readonly kind: 'actorCrash'; readonly host: Victim; readonly role: (typeof killedRoles)[number] };

export type MishapKind = Mishap['kind'];

export const mishapKinds: readonly MishapKind[] = [
  'crash',
  'pause',
  'suspend',
  'stall',
  'slow',
  'cut',
  'isolate',
  'cutStore',
  'loss',
  'duplication',
  'reordering',
  'breaks',
  'latency',
  'storeStall',
  'storeFailover',
  'fullDisk',
  'tornWrites',
  'clockJump',
  'drift',
  'laneDeath',
  'actorCrash',
];

/** When a fault strikes: at a time since the scenario began, or (so long) after a host entered a phase for the nth time. */
export type Trigger =
  | { readonly kind: 'time'; readonly atMs: number }
  | { readonly kind: 'phase'; readonly phase: Phase; readonly nth: number; readonly afterMs: number };

export interface Fault {
  readonly trigger: Trigger;
  readonly mishap: Mishap;
}

/** What a host may be in the middle of, with one execution. */
export const phases = [
  'source preparing',
  'source freezing',
  'source transferring',
  'source unfreezing',
  'source releasing',
  'source resuming',
  'source doubting',
  'source confirming',
  'source committing',
  'target admitting',
  'target prepared',
  'target fetching',
  'target rebuilding',
  'target transferred',
  'target claiming',
  'target resumed',
  'target dropping',
  'start claiming',
  'recovery claiming',
  'recovery restoring',
  'copy retained',
  'checkpoint switching',
  'result switching',
] as const;

export type Phase = (typeof phases)[number];
