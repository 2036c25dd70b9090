import type { Behaviour } from '../actors/kernel/contract.ts';
import { assert } from '../core/assert.ts';
import type { Reminder } from './child.ts';
import type { ChildSpec } from './child-spec.ts';
import type { SupervisorMessage, SupervisorOptions, SupervisorReply } from './contract.ts';
import { DynamicSupervision } from './dynamic.ts';
import { StaticSupervision } from './static.ts';
import type { Supervision } from './supervision.ts';

export type SupervisorBehaviour = Behaviour<unknown, SupervisorMessage, SupervisorReply>;

/**
 * A supervisor over `children`, with the semantics of Erlang/OTP. It is ready once all children have started, in
 * order; when one fails to start, the earlier ones are stopped, last to first, and the supervisor ends. Give it
 * `unbounded` shutdown.
 */
export function supervisor(options: SupervisorOptions, children: readonly ChildSpec[]): SupervisorBehaviour {
  const ids = new Set(children.map((spec) => spec.id));
  assert(ids.size === children.length, 'children of one supervisor have different ids');
  const behaviour: Behaviour<Supervision, SupervisorMessage | Reminder, SupervisorReply> = {
    starts: 'whenReady',
    init: (context) => {
      const supervision =
        options.strategy === 'dynamic'
          ? new DynamicSupervision(options, children, context)
          : new StaticSupervision(options, children, context);
      supervision.begin();
      return supervision;
    },
    receive: (supervision, message, context) => {
      supervision.onMessage(message, context.replyTo);
      return supervision;
    },
    signal: (supervision, signal) => {
      supervision.onSignal(signal);
      return supervision;
    },
    stopping: (supervision, reason, context) => {
      if (supervision.onStopping(reason)) context.linger();
      return supervision;
    },
  };
  return behaviour as SupervisorBehaviour;
}
