const { tally } = require('./tally.cjs');

exports.main = function main() {
  const found = [];
  for (let round = 0; round < 3; round += 1) found.push(tally(round));
  return found;
};
