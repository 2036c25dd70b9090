import type { AnyFunction } from './method-code.ts';

/** What `addEventListener` was told. */
export interface Listener {
  readonly type: string;
  /** A function, or an object with `handleEvent`. */
  callback: unknown;
  readonly capture: boolean;
  readonly once: boolean;
  /** Whether it stands for the property `onabort`. */
  readonly isHandler: boolean;
  removed: boolean;
}

/** What a movable signal holds besides what its native side does. */
interface SignalState {
  /** Aborts it. Nobody else has this controller. */
  readonly native: AbortController;
  listeners: Listener[];
  /** Signals that are aborted with it: `AbortSignal.any` made them. */
  followers: AbortSignal[];
  /** Those that it follows; null for one of its own. */
  sources: readonly AbortSignal[] | null;
}

/** The same, as a snapshot writes it. */
export interface SignalForm {
  readonly aborted: boolean;
  readonly reason: unknown;
  readonly listeners: Listener[];
  readonly followers: AbortSignal[];
  readonly sources: readonly AbortSignal[] | null;
}

export const NativeController = AbortController;
export const NativeSignal = AbortSignal;
const nativeAborted = Object.getOwnPropertyDescriptor(NativeSignal.prototype, 'aborted')?.get as AnyFunction;

const signals = new WeakMap<object, SignalState>();
const controllers = new WeakMap<object, AbortSignal>();

// What methods make are instances of these, by their prototypes only: native signals, which remember their listeners.
// Their members come from `abort-calls.ts`. Snapshots take them for the host's own classes, and carry nothing else of them.
const OwnSignal = { AbortSignal: class extends NativeSignal {} }.AbortSignal;
const OwnController = { AbortController: class extends NativeController {} }.AbortController;
export const signalPrototype: AbortSignal = OwnSignal.prototype;
export const controllerPrototype: AbortController = OwnController.prototype;

export function blankSignal(): AbortSignal {
  const native = new NativeController();
  const signal = Object.setPrototypeOf(native.signal, signalPrototype) as AbortSignal;
  signals.set(signal, { native, listeners: [], followers: [], sources: null });
  return signal;
}

export function blankController(): AbortController {
  return Object.create(controllerPrototype) as AbortController;
}

export function fillController(controller: object, signal: AbortSignal): void {
  controllers.set(controller, signal);
}

export function signalOf(controller: unknown): AbortSignal | null {
  return typeof controller === 'object' && controller !== null ? (controllers.get(controller) ?? null) : null;
}

export function signalState(signal: unknown): SignalState | null {
  return typeof signal === 'object' && signal !== null ? (signals.get(signal) ?? null) : null;
}

export function signalForm(value: object): SignalForm | null {
  const state = signals.get(value);
  if (state === undefined) return null;
  const aborted = Reflect.apply(nativeAborted, value, []) as boolean;
  const { listeners, followers, sources } = state;
  return { aborted, reason: state.native.signal.reason as unknown, listeners, followers, sources };
}

export function fillSignal(signal: object, form: SignalForm): void {
  const state = signals.get(signal);
  if (state === undefined) return;
  state.listeners = form.listeners;
  state.followers = form.followers;
  state.sources = form.sources;
  if (form.aborted) abortNatively(signal as AbortSignal, form.reason);
}

const events = new WeakSet<Event>();

/** Gives an event its target, and tells it to whoever listens natively. */
export function aim(event: Event, target: AbortSignal): void {
  events.add(event);
  Reflect.apply(EventTarget.prototype.dispatchEvent, target, [event]);
}

/** The event of an abort, as native listeners have got it. */
export function abortNatively(signal: AbortSignal, reason: unknown): Event | null {
  const state = signals.get(signal);
  if (state === undefined || signal.aborted) return null;
  let found: Event | null = null;
  Reflect.apply(EventTarget.prototype.addEventListener, signal, [
    'abort',
    (event: Event) => {
      found = event;
      events.add(event);
    },
    { once: true },
  ]);
  aborting = true;
  try {
    if (reason === undefined) state.native.abort();
    else state.native.abort(reason);
  } finally {
    aborting = false;
  }
  return found;
}

let aborting = false;

/** Whether the language's own side dispatches its event: by a method that it looks up on the signal. */
export function isAborting(): boolean {
  return aborting;
}

/** Whether the event was dispatched inside an execution: then it can be written. */
export function isOwnEvent(value: object): value is Event {
  return events.has(value as Event);
}
