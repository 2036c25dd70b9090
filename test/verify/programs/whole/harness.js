/* oxlint-disable no-unused-vars, no-var */
var checks = [];
function check(is, what) {
  if (!is) throw new Error(what);
  checks.push(what);
}
