import { expect, test } from 'vitest';
import type { HostIdentity } from '../../../src/core/execution.ts';
import { hostName, incarnationId, rackName } from '../../../src/core/ids.ts';
import { mapCluster, planRound } from '../../../src/protocols/probing/sampling.ts';
import { probingDefaults } from '../../../src/protocols/probing/settings.ts';

const { ownRackPeersMax, otherRackPeersMax, allPairsHostsMax, dwellRounds } = probingDefaults;

function cluster(racks: number, hostsEach: number): readonly HostIdentity[] {
  return Array.from({ length: racks * hostsEach }, (_, index) => {
    const name = `h${index}`;
    return {
      name: hostName(name),
      incarnation: incarnationId(`${name}.1`),
      rack: rackName(`r${index % racks}`),
      address: `127.0.0.1:${index + 1}`,
    };
  });
}

test('while there are few hosts, everybody probes everybody', () => {
  const map = mapCluster(cluster(4, allPairsHostsMax / 4));
  for (const self of map.hosts) {
    const plan = planRound(map, self, 0, probingDefaults);
    expect(new Set(plan)).toEqual(new Set(map.hosts.filter((host) => host !== self)));
  }
});

test.each([
  [1, 400],
  [2, 40],
  [10, 10],
  [25, 40],
  [200, 2],
  [34, 1],
])('%i racks of %i: a bounded number of probes out and in, and nobody probes itself', (racks, hostsEach) => {
  const map = mapCluster(cluster(racks, hostsEach));
  for (const round of [0, dwellRounds * 17]) {
    const received = new Map<HostIdentity, number>();
    for (const self of map.hosts) {
      const plan = planRound(map, self, round, probingDefaults);
      expect(plan.length).toBeGreaterThan(0);
      expect(plan.length).toBeLessThanOrEqual(ownRackPeersMax + otherRackPeersMax);
      expect(plan).not.toContain(self);
      for (const peer of plan) received.set(peer, (received.get(peer) ?? 0) + 1);
    }
    expect(Math.max(...received.values())).toBeLessThanOrEqual(3 * (ownRackPeersMax + otherRackPeersMax));
  }
});

test('a host keeps its peers for a dwell, and in time all pairs of racks, and all hosts of a rack, have their turn', () => {
  const map = mapCluster(cluster(20, 5));
  const pairs = new Set<string>();
  const neighbours = new Set<string>();
  for (let turn = 0; turn < 40; turn += 1) {
    for (const self of map.hosts) {
      const plan = planRound(map, self, turn * dwellRounds, probingDefaults);
      expect(planRound(map, self, turn * dwellRounds + dwellRounds - 1, probingDefaults)).toEqual(plan);
      for (const peer of plan) {
        pairs.add(`${self.rack} ${peer.rack}`);
        if (peer.rack === self.rack) neighbours.add(`${self.name} ${peer.name}`);
      }
    }
  }
  expect(pairs.size).toBe(20 * 20);
  expect(neighbours.size).toBe(100 * 4);
});

test('in time each host measures each other rack, and each host is measured by each other rack', () => {
  const map = mapCluster(cluster(5, 9));
  const [charges, targets] = [new Set<string>(), new Set<string>()];
  for (let turn = 0; turn < 60; turn += 1) {
    for (const self of map.hosts) {
      for (const peer of planRound(map, self, turn * dwellRounds, probingDefaults)) {
        charges.add(`${self.name} ${peer.rack}`);
        targets.add(`${self.rack} ${peer.name}`);
      }
    }
  }
  expect(charges.size).toBe(45 * 5);
  expect(targets.size).toBe(5 * 45);
});

test('several hosts of a rack measure another rack at the same time', () => {
  const map = mapCluster(cluster(4, 25));
  const to = new Map<string, Set<string>>();
  for (const self of map.hosts) {
    for (const peer of planRound(map, self, 0, probingDefaults)) {
      const pair = `${self.rack} ${peer.rack}`;
      to.set(pair, (to.get(pair) ?? new Set()).add(self.name));
    }
  }
  for (const hosts of to.values()) expect(hosts.size).toBeGreaterThanOrEqual(probingDefaults.representatives);
});

test('a host that the map does not know yet probes nobody', () => {
  const map = mapCluster(cluster(4, 25));
  const [stranger] = cluster(1, 1);
  expect(planRound(map, { ...stranger!, incarnation: incarnationId('new.1') }, 0, probingDefaults)).toEqual(
    [],
  );
});
