/* oxlint-disable */
'use movable';
import { describe } from 'observer';

// A function may have properties of its own that are called as those of all functions are.

function made(name) {
  return Object.assign(
    function (x) {
      return name + x + this.name;
    },
    { call: () => 'call', apply: () => 'apply', bind: () => 'bind' },
  );
}

class Parent {}
Parent.prototype.found = made('found ');

class Child extends Parent {
  name = 'child';
  async ask() {
    return super.found(await 1);
  }
}

export async function main() {
  const log = [];
  const o = { name: 'o', rpc: made('rpc '), tag: made('tag ') };
  for (let turn = 0; turn < 3; turn++) {
    log.push(o.rpc(turn));
    log.push(o.rpc(await turn));
    log.push(o?.rpc(await turn));
    log.push(o.rpc?.(await turn));
    log.push(o['rpc'](await turn));
    log.push(o.tag`a${await turn}b`);
    log.push(await new Child().ask());
    log.push(o.rpc.call(o, await turn), o.rpc.apply(o, [await turn]), o.rpc.bind(await turn));
  }
  return describe(log);
}
