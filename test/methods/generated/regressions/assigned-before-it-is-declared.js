/* oxlint-disable */
'use movable';
import { describe } from 'observer';

// A variable that is assigned where it is not there yet: before its declaration, or in another case of its switch.

export async function main() {
  const log = [];
  const say = (f) => {
    try {
      log.push(f());
    } catch (e) {
      log.push(e.message);
    }
  };
  const sayA = async (f) => {
    try {
      log.push(await f());
    } catch (e) {
      log.push(e.message);
    }
  };
  say(() => {
    z = 5;
    let z;
    return z;
  });
  say(() => {
    z += 5;
    let z;
    return z;
  });
  say(() => {
    z++;
    let z = 1;
    return z;
  });
  say(() => {
    z ??= log.push('rhs');
    let z = 1;
    return z;
  });
  say(() => {
    [z] = [1];
    let z = 1;
    return z;
  });
  say(() => {
    ({ z } = { z: 1 });
    let z = 1;
    return z;
  });
  await sayA(async () => {
    z = await 5;
    let z;
    return z;
  });
  await sayA(async () => {
    z += await 5;
    let z;
    return z;
  });
  await sayA(async () => {
    [z, z] = [await 1, 2];
    let z = 1;
    return z;
  });
  await sayA(async () => {
    for (let i = 0; i < 2; i++) {
      if (i) return q;
      let q = await i;
    }
  });
  await sayA(async () => {
    for (z of [await 1]) log.push('body');
    let z = 1;
    return z;
  });
  await sayA(async () => {
    switch (await 1) {
      case 0:
        let z = 1;
      case 1:
        z = 2;
    }
  });
  await sayA(async () => {
    switch (await 0) {
      case 0:
        let z = 1;
      case 1:
        z = 2;
        return z + (await 3);
    }
  });
  await sayA(async () => {
    switch (await 1) {
      case 0:
        let z = 1;
      case 1:
        return typeof z;
    }
  });
  await sayA(async () => {
    x.y = await 1;
    let x = {};
    return x;
  });
  await sayA(async () => {
    new K(await 1);
    class K {}
  });
  await sayA(async () => {
    K = await 1;
    class K {}
  });
  await sayA(async () => {
    const f = () => (z = 3);
    f(await 1);
    let z;
    return z;
  });
  await sayA(async () => {
    let z = (z = await 1);
    return z;
  });
  await sayA(async () => {
    let z = z + 1;
    return z;
  });
  await sayA(async () => {
    {
      delete log[await 9];
      typeof w;
      let w;
    }
  });
  return describe(log);
}
