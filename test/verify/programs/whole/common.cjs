const { tally } = require('./tally.cjs');

exports.collect = function collect() {
  const found = [];
  for (let round = 0; round < 3; round += 1) found.push(tally(round));
  return found;
};
