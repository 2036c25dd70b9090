/* oxlint-disable no-var */
(function () {
  check(this !== undefined, 'a script is sloppy');
})();
for (var round = 0; round < 3; round += 1) check(round < 3, 'round ' + round);
console.log(checks.length, checks[0]);
check(checks.length === 5, 'the last check fails');
