let total = 0;

exports.tally = (by) => {
  total += by;
  return { total };
};
